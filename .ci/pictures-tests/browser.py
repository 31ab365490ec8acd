"""A headless Chromium over its debugging port."""
import asyncio
import base64
import json
import os
import subprocess
import tempfile
import urllib.request

import websockets


class Browser:
    """Use it as `async with Browser() as page`."""

    def __init__(self, width=1280, height=1000, dark=False):
        self.size, self.dark = (width, height), dark
        self.exceptions, self.errors, self.requests = [], [], []
        self.number = 0

    async def __aenter__(self):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--hide-scrollbars", f"--window-size={self.size[0]},{self.size[1]}", "--remote-debugging-port=0",
             f"--user-data-dir={self.profile.name}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "DevTools listening on" in line:
                host = line.split()[-1].split("/")[2]
                break
        else:
            raise SystemExit("chromium does not start")
        # The pipe must not fill up.
        asyncio.get_running_loop().run_in_executor(None, lambda: [None for _ in self.process.stderr])
        tabs = json.load(urllib.request.urlopen(f"http://{host}/json"))
        address = next(tab for tab in tabs if tab["type"] == "page")["webSocketDebuggerUrl"]
        self.socket = await websockets.connect(address, max_size=1 << 28)
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Emulation.setDeviceMetricsOverride", width=self.size[0], height=self.size[1], deviceScaleFactor=1, mobile=False)
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"}])
        return self

    async def __aexit__(self, *_):
        await self.socket.close()
        self.process.terminate()
        self.process.wait()
        self.profile.cleanup()

    async def call(self, method, **parameters):
        self.number += 1
        number = self.number
        await self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await asyncio.wait_for(self.socket.recv(), 120))
            if answer.get("id") == number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]
            self.note(answer)

    def note(self, event):
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.exceptions.append(parameters["exceptionDetails"].get("exception", {}).get("description", "exception"))
            self.errors.append(self.exceptions[-1])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])

    async def open(self, url):
        await self.call("Page.navigate", url=url)

    async def run(self, script):
        """The value of an expression; a promise is waited for."""
        result = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise SystemExit(f"{script[:80]}: {result['exceptionDetails'].get('exception', {}).get('description')}")
        return result["result"].get("value")

    async def until(self, script, seconds=90):
        for _ in range(seconds * 5):
            if await self.run(script):
                return
            await asyncio.sleep(0.2)
        raise SystemExit(f"never true: {script}; errors: {self.errors}")

    async def shoot(self, path, clip=None):
        options = {"clip": {**clip, "scale": 1}, "captureBeyondViewport": True} if clip else {}
        picture = await self.call("Page.captureScreenshot", format="png", **options)
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))
        return os.path.getsize(path)


def check(condition, message):
    if not condition:
        raise SystemExit(message)
