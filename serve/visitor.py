"""A browser without a script at the portal: what rehearsals do there as people would."""

from __future__ import annotations

import re

import httpx

FORM = re.compile(r'name="token" value="([^"]+)"')
SECONDS = 30.0


class Visitor:
    """One visit to the portal of a service, with its cookie. `page` is what is seen now."""

    def __init__(self, base: str) -> None:
        self.http = httpx.Client(base_url=base, follow_redirects=True, timeout=SECONDS)
        self.page = self.http.get("/portal")

    def open(self, path: str) -> httpx.Response:
        """Follow a link of the portal."""
        self.page = self.http.get(f"/portal{path}")
        return self.page

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Send the form of the page that is seen now."""
        found = FORM.search(self.page.text)
        ticket = {"token": found[1] if found else ""}
        self.page = self.http.post(f"/portal{path}", data=ticket | fields)
        return self.page
