"""What every answer carries and every request must be: no other page may frame or drive it."""

from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

YEAR = "public, max-age=31536000, immutable"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def policy(script_hashes: Sequence[str]) -> str:
    """The content security policy. Styles may be inline, the framework sets them; scripts not."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(script_hashes)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "object-src 'none'",
            "frame-ancestors 'none'",
        )
    )


def guard(server: Flask, script_hashes: Sequence[str], hosts: Collection[str]) -> None:
    """Refuse what comes under a foreign name or from another page; put headers on every answer."""
    csp = policy(script_hashes)

    @server.before_request
    def refuse() -> None:
        if urlsplit(f"//{request.host}").hostname not in hosts:
            abort(421)
        if request.method in ("GET", "HEAD"):
            return
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            abort(403)
        if request.mimetype != "application/json":
            abort(415)

    @server.after_request
    def complete(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = csp
        if "/assets/" in request.path and "m" in request.args and response.status_code == 200:
            response.headers["Cache-Control"] = YEAR
        elif "/_dash-component-suites/" not in request.path and "/assets/" not in request.path:
            response.headers["Cache-Control"] = "no-store"
        return response
