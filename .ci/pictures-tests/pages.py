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


async def key(browser, letter):
    await browser.run(f"document.activeElement.blur(), dispatchEvent(new KeyboardEvent('keydown', {{key: '{letter}', bubbles: true}}))")


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
        # So does the first screen: what findings cost, and where the waiting for mutexes went, class by class.
        table = rows(capture, "findings")
        cost = table[0].index("cost_ns")
        costs = await browser.run("[...document.querySelectorAll('#finds li b')].map(b => b.textContent)")
        wanted = [f"{int(row[cost]) / 1e6:.3f} ms" if int(row[cost] or 0) else "" for row in table[1:]][:20]
        check(costs == wanted, f"{name}: findings {costs[:4]}, not {wanted[:4]}")
        classes = [i for i, c in enumerate(waits[0]) if c.endswith("_ns") and c not in ("begin_ns", "end_ns", "wait_ns")]
        kind = waits[0].index("kind")
        sums = {f"{sum(int(row[i] or 0) for row in waits[1:] if row[kind] == 'mutex') / 1e6:.3f} ms" for i in classes}
        bars = await browser.run("[...document.querySelectorAll('.bars td:nth-child(2)')].map(b => b.textContent)")
        check(bars and set(bars) <= sums, f"{name}: classes {bars} are not {sums}")
        # A filter by a figure shows the rows of the table.
        await browser.run(f"$q = document.getElementById('tq'), $q.value = 'wait_ns>{longest[1]}', $q.dispatchEvent(new Event('input'))")
        found = await browser.run("document.getElementById('ti').textContent")
        check(found.startswith(f"{sum(int(row[place]) > int(longest[1]) for row in waits[1:])} of {len(waits) - 1} rows"), f"{name}: filtered {found}")
        await browser.run("$q.value = '', $q.dispatchEvent(new Event('input'))")
        # A finding is clicked, zoomed, and stands in the address.
        count = await browser.run("document.querySelectorAll('#finds a').length")
        if count:
            await browser.run(f"document.querySelectorAll('#finds a')[{count - 1}].click()")
            await browser.until(f"document.body.dataset.shown === document.querySelectorAll('#finds a')[{count - 1}].dataset.p")
            await browser.run("document.getElementById('zi').click()")
            check("&t=" in await browser.run("location.hash"), f"{name}: no range in the address")
            check(await browser.run("document.querySelectorAll('#pic rect.k').length") > 3, f"{name}: an empty picture")
            # The address is that of the picture and the range, to the microsecond.
            link, view = await browser.run("location.hash"), await browser.run("JSON.stringify(proxytrace.view())")
            await browser.run("document.getElementById('za').click()")
            await browser.run(f"location.hash = {json.dumps(link)}")
            await browser.until("location.hash === " + json.dumps(link) + " && proxytrace.view().from > 0")
            again, view = json.loads(await browser.run("JSON.stringify(proxytrace.view())")), json.loads(view)
            check(all(abs(again[k] - view[k]) <= 1000 for k in view), f"{name}: {link} shows {again}, not {view}")
            await browser.run("document.getElementById('za').click()")
            # Keys: all pictures one after the other, and back; a task that is looked for stands out.
            first = await browser.run("document.body.dataset.shown")
            await key(browser, "k" if first != "0" else "j")
            await browser.until(f"document.body.dataset.shown !== '{first}'")
            await key(browser, "j" if first != "0" else "k")
            await browser.until(f"document.body.dataset.shown === '{first}'")
            task = (await browser.run("document.querySelector('#pic .task .la').textContent")).split(" ")[0]
            await browser.run(f"$f = document.getElementById('ff'), $f.value = {json.dumps(task)}, $f.dispatchEvent(new Event('input'))")
            check(await browser.run("document.querySelectorAll('#pic rect.hit').length") > 0, f"{name}: {task} is not found")
            await browser.run("$f.value = '', $f.dispatchEvent(new Event('input'))")
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
        # The same page with 50,000 waits: a sort, a filter and a jump into the middle are each done at once.
        times = json.loads(await browser.run("""(() => {
          const waits = proxytrace.tables().find(t => t.name === 'waits'), rows = waits.cols[0].v.length;
          for (const c of waits.cols) c.v = Array.from({length: 50000}, (_, i) => typeof c.v[i % rows] === 'number' ? c.v[i % rows] + i : c.v[i % rows]);
          const button = text => [...document.querySelectorAll('#tn button')].find(b => b.textContent === text);
          const time = act => { const t = performance.now(); act(); document.getElementById('tw').offsetHeight; return performance.now() - t; };
          const head = text => [...document.querySelectorAll('#tg th')].find(c => c.textContent.startsWith(text));
          const type = text => { const q = document.getElementById('tq'); q.value = text; q.dispatchEvent(new Event('input')); };
          return JSON.stringify({open: time(() => button('waits').click()), number: time(() => head('wait_ns').click()),
            text: time(() => head('waiter_comm').click()), filter: time(() => type('mutex')), figure: time(() => type('wait_ns>1000000')),
            scroll: time(() => { type(''); document.getElementById('tw').scrollTop = 500000; })});
        })()"""))
        check(max(times.values()) < 1000, f"{name}: 50,000 rows take {times} ms")
        check(not browser.errors, f"{name}: {browser.errors}")
        foreign = [url for url in browser.requests if not url.startswith(("file://" + html, "data:", "blob:"))]
        check(not foreign, f"{name}: requests {foreign}")
    print(f"{name}: {size} bytes, ready after {took:.1f} s with the browser's start, {cells} cells equal, 0 errors, 0 requests; "
          f"50,000 rows: at most {max(times.values()):.0f} ms for {max(times, key=times.get)}")


async def main():
    for name in captures:
        await page(name)

asyncio.run(main())
