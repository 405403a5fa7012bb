"""Debian's Chromium under Playwright, kept from calling anybody but this machine."""

import shutil
from typing import Any

from playwright.sync_api import Browser, Playwright

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}

_LIGHTER = "chromium-headless-shell"
_FEATURES_OFF = (
    # What Playwright turns off and its tests would notice; of two lists the browser reads the last.
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("MediaRouter", "OptimizationHints", "PaintHolding", "ThirdPartyStoragePartitioning"),
    # Each context would load two pages for an address bar that nobody sees: for a second and more
    # of a processor, most of what a short test costs.
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
)
_ARGUMENTS = [
    f"--disable-features={','.join(_FEATURES_OFF)}",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
_AS_WRITTEN = "--js-flags=--no-opt --no-maglev"
"""Scripts are not made faster by what was learnt of them, which takes a processor more than it
saves where a page lives for seconds. Not for figures."""


def launch(playwright: Playwright, *, whole: bool = False) -> Browser:
    """Start the browser, as `launch_options` says, for pages that live for seconds.

    Raises:
        AssertionError: it is not installed; `make test` installs it.
    """
    options = launch_options(whole=whole)
    options["args"] = [*options["args"], _AS_WRITTEN]
    return playwright.chromium.launch(**options)


def launch_options(*, whole: bool = False) -> dict[str, Any]:
    """How to start the browser; the `whole` one, which has notifications, or where there is one the
    lighter one without windows.

    Raises:
        AssertionError: it is not installed; `make test` installs it.
    """
    names = (
        ("chromium", "chromium-browser") if whole else (_LIGHTER, "chromium", "chromium-browser")
    )
    program = next(filter(None, map(shutil.which, names)), None)
    assert program, "Chromium is missing: `make test` installs it"
    return {"executable_path": program, "args": _ARGUMENTS}
