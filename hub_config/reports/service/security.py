"""What the browser may do with a page: the headers that every answer carries."""

__all__ = ["COMMON_HEADERS", "REPORT_HEADERS", "page_policy"]

COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "X-DNS-Prefetch-Control": "off",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Names, parameters and results concern people: nothing is kept by the browser or on the way.
    "Cache-Control": "no-store",
}

# A report is what a notebook wrote, so it is a stranger: no script, no form, no origin, nothing fetched from anywhere.
# `sandbox` without allow-scripts also stops <meta http-equiv=refresh>.
REPORT_POLICY = "; ".join(
    (
        "sandbox",
        "default-src 'none'",
        "img-src data:",
        "style-src 'unsafe-inline'",
        "font-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)

REPORT_HEADERS = {"Content-Security-Policy": REPORT_POLICY, "Content-Type": "text/html; charset=utf-8"}


def page_policy(nonce: str) -> str:
    """Write the policy of our own pages.

    Scripts and styles need this answer's nonce instead of ``'self'``: users' servers share the origin.

    Parameters
    ----------
    nonce : str
        A fresh random value of this one answer.

    Returns
    -------
    str
        The value of ``Content-Security-Policy``.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'",
            f"style-src 'nonce-{nonce}'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'self'",
        )
    )
