"""Pages of three captures: no error, no request, a finding is clicked, the document says what the tables say."""
import asyncio
import csv
import json
import os
import subprocess
import sys
import time

from browser import Browser, check

work, shots = sys.argv[1:3]
program = os.environ["PROXYTRACE"]
captures = ["proxy-on-plain/chain4-cross", "proxy-on-probed/same-cpu", "proxy-off-plain/crowd"]


def rows(capture, table):
    text = subprocess.run([program, "report", "--table", table, "--csv-raw", "--addresses", "hash", capture], capture_output=True, text=True, check=True).stdout
    return list(csv.reader(text.splitlines()))


async def page(name):
    capture, html = f"Fixtures/captures/{name}.dat", f"{work}/page.html"
    subprocess.run([program, "export", "--html", html, capture], check=True, stderr=subprocess.DEVNULL)
    size = os.path.getsize(html)
    check(size < 2 << 20, f"{name}: the page has {size} bytes")
    begun = time.time()
    async with Browser() as browser:
        await browser.open(f"file://{html}")
        await browser.until("document.body && document.body.dataset.ready === 'yes'")
        took = time.time() - begun
        # Every table that has rows, cell by cell. The clock's instants may be greater than a script's numbers are exact.
        tables = json.loads(await browser.run("JSON.stringify(proxytrace.tables())"))
        check(tables, f"{name}: no tables")
        cells = 0
        for table in tables:
            expected = rows(capture, table["name"])
            check([c["n"] for c in table["cols"]] == expected[0], f"{name}: columns of {table['name']}")
            columns = list(zip(*expected[1:]))
            for column, wanted in zip(table["cols"], columns):
                found = ["" if v is None else str(v) for v in column["v"]]
                check(found == list(wanted), f"{name}: {table['name']}.{column['n']}: {found[:3]} is not {list(wanted)[:3]}")
                cells += len(found)
        # What stands in the document is what stands in the data: sorted by length, the longest wait comes first.
        waits = rows(capture, "waits")
        place = waits[0].index("wait_ns")
        await browser.run("[...document.querySelectorAll('#tn button')].find(b => b.textContent === 'waits').click()")
        await browser.run("[...document.querySelectorAll('#tg th')].find(c => c.textContent === 'wait_ns').click()")
        shown = await browser.run(f"[...document.querySelectorAll('#tg tbody tr:not(.pad)')].slice(0, 5).map(r => r.cells[{place}].textContent)")
        longest = sorted((row[place] for row in waits[1:]), key=int, reverse=True)[:5]
        check(shown == longest, f"{name}: sorted {shown}, not {longest}")
        # A finding is clicked, zoomed, and stands in the address.
        count = await browser.run("document.querySelectorAll('#finds a').length")
        if count:
            await browser.run(f"document.querySelectorAll('#finds a')[{count - 1}].click()")
            await browser.until(f"document.body.dataset.shown === document.querySelectorAll('#finds a')[{count - 1}].dataset.p")
            await browser.run("document.getElementById('zi').click()")
            check("&t=" in await browser.run("location.hash"), f"{name}: no range in the address")
            check(await browser.run("document.querySelectorAll('#pic rect.k').length") > 3, f"{name}: an empty picture")
            await browser.run("document.getElementById('za').click()")
        # The stretches of the wait's classes sum to the wait, up to what the picture leaves out at its edges.
        overlaps = await browser.run("""(() => {
          const boxes = [...document.querySelectorAll('#pic .in text, #pic .ax text')].filter(t => t.style.display !== 'none')
            .map(t => t.getBoundingClientRect());
          let bad = 0;
          for (const a of boxes) for (const b of boxes)
            if (a !== b && a.left < b.right && b.left < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom) bad++;
          return bad;
        })()""")
        check(overlaps == 0, f"{name}: {overlaps} labels overlap")
        await browser.shoot(f"{shots}/page-{name.replace('/', '-')}.png", {"x": 0, "y": 0, "width": 1280, "height": 1000})
        check(not browser.errors, f"{name}: {browser.errors}")
        foreign = [url for url in browser.requests if not url.startswith(("file://" + html, "data:", "blob:"))]
        check(not foreign, f"{name}: requests {foreign}")
    print(f"{name}: {size} bytes, ready after {took:.1f} s with the browser's start, {cells} cells equal, 0 errors, 0 requests")


async def main():
    for name in captures:
        await page(name)

asyncio.run(main())
