"""Pages of two captures: no error, no request, what stands in the document is what compare says, nothing overlaps."""
import asyncio
import json
import os
import subprocess
import sys

from browser import Browser, check

work, shots = sys.argv[1:3]
program = os.environ["PROXYTRACE"]
pairs = [("proxy-off-plain/crowd", "proxy-on-plain/crowd", 0), ("sched-ext-blocked/ab-off", "sched-ext-blocked/ab-on", 1)]


async def page(base, new, skip, dark):
    files, html = [f"Fixtures/captures/{name}.dat" for name in (base, new)], f"{work}/compared.html"
    arguments = ["compare", "--skip", str(skip), "--html", html, "--json", *files]
    said = json.loads(subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout)
    size = os.path.getsize(html)
    check(size < 2 << 20, f"{new}: the page has {size} bytes")
    async with Browser(dark=dark) as browser:
        await browser.open(f"file://{html}")
        await browser.until("document.readyState === 'complete' && document.querySelector('#delta') !== null")
        # All figures, in their order: verdict by verdict.
        shown = await browser.run("[...document.querySelectorAll('#delta tbody tr:not(.g)')].map(r => r.cells[6].textContent.split(',')[0])")
        wanted = [(row["changes"][0] or {}).get("verdict") or "" for key in ("figures", "tasks", "locks") for row in said[key]]
        check(shown == wanted, f"{new}: verdicts {shown[:8]} are not {wanted[:8]}")
        mean = next(row for row in said["figures"] if row["name"] == "mutex wait" and row["figure"] == "mean")
        cells = await browser.run("[...document.querySelectorAll('#delta tbody tr')].find(r => r.cells[0].textContent === 'mean ms').innerText.split('\\t')")
        check(cells[1:3] == [f"{value / 1e6:.3f}" for value in mean["values"]], f"{new}: {cells} is not {mean['values']}")
        plots = await browser.run("document.querySelectorAll('#ecdf svg.cp path.cv').length")
        check(plots >= 6, f"{new}: {plots} curves")
        overlaps = await browser.run("""(() => {
          let bad = 0;
          for (const plot of document.querySelectorAll('svg.cp')) {
            const boxes = [...plot.querySelectorAll('.ax text')].map(t => t.getBoundingClientRect());
            for (const a of boxes) for (const b of boxes)
              if (a !== b && a.left < b.right && b.left < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom) bad++;
          }
          return bad + (document.documentElement.scrollWidth > 1280 ? 100 : 0);
        })()""")
        check(overlaps == 0, f"{new}: {overlaps} labels overlap, or the page is too wide")
        await browser.shoot(f"{shots}/compared-{new.replace('/', '-')}{'-dark' if dark else ''}.png", {"x": 0, "y": 0, "width": 1280, "height": 1400})
        check(not browser.errors, f"{new}: {browser.errors}")
        foreign = [url for url in browser.requests if not url.startswith(("file://" + html, "data:"))]
        check(not foreign, f"{new}: requests {foreign}")
    print(f"{new} against {base}: {size} bytes, {len(shown)} figures equal, {plots} curves, 0 errors, 0 requests")


async def main():
    for number, pair in enumerate(pairs):
        await page(*pair, dark=number == 1)

asyncio.run(main())
