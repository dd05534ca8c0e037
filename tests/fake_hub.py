"""Un Hub de mentira en esta máquina: lo justo de su protocolo para servir carpetas locales."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def fake_hub(models: dict[str, Path | int]) -> Iterator[str]:
    """Sirve cada carpeta con su nombre; un número es el código con que se responde a ese modelo."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            path = self.path.split("?")[0].removeprefix("/api/models/").strip("/")
            name, _, rest = path.partition("/resolve/")
            name = "/".join(name.split("/")[:2])
            found = models.get(name, 404)
            if isinstance(found, int):
                code = {401: "", 403: "GatedRepo", 404: "RepoNotFound"}.get(found, "")
                return self.send(found, b"{}", {"X-Error-Code": code}, body)
            if self.path.startswith("/api/models/"):
                files = [{"rfilename": file.name} for file in found.iterdir()]
                info = {"id": name, "modelId": name, "sha": COMMIT, "siblings": files}
                if "/tree/" in path:
                    info = [{"type": "file", "path": f["rfilename"], "size": 1, "oid": COMMIT} for f in files]
                return self.send(200, json.dumps(info).encode(), {"Content-Type": "application/json"}, body)
            file = found / rest.partition("/")[2]
            if not file.is_file():
                return self.send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, body)
            content = file.read_bytes()
            headers = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
            return self.send(200, content, headers, body)

        def send(self, code: int, content: bytes, headers: dict[str, str], body: bool) -> None:
            self.send_response(code)
            for key, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            if body:
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
