"""Take the pictures of the documentation from the running app.

    python tests/ui/screenshots.py http://127.0.0.1:8501     # into docs/images

Open it first: `make chat`, or `frontdesk chat`. Questions are asked on the sample organisation.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # tests are no package

from browser import WITHIN, ask, chromium
from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).parents[2] / "docs" / "images"
DESK = {"width": 1100, "height": 860}
TALL = {"width": 1100, "height": 2180}
PHONE = {"width": 390, "height": 844}


def main() -> None:
    """Take every picture."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8501"
    IMAGES.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        empty = opened(browser, address, DESK)
        empty.screenshot(path=IMAGES / "empty.png")
        conversations(browser, address)
        waits = opened(
            browser, f"{address}/waits", {"width": 1100, "height": 2180}, ".fd-chart img"
        )
        waits.screenshot(path=IMAGES / "waits.png")
        directory(opened(browser, f"{address}/directory", DESK, "input"))
        phone = opened(browser, address, PHONE)
        ask(phone, "How long is the wait at Bellwether?")
        settle(phone)
        phone.screenshot(path=IMAGES / "phone.png")


def conversations(browser: Browser, address: str) -> None:
    """Ask for a wait, a price and a person; each answer is a conversation and a picture."""
    asked = {
        "chat-waits.png": "hows the wait at avens genral rn",
        "chat-source.png": "how much is parking for a day",
        "chat-contact.png": "whats the number of the parking office",
    }
    for name, question in asked.items():
        page = opened(browser, address, DESK)
        ask(page, question)
        settle(page)
        page.screenshot(path=IMAGES / name)


def directory(page: Page) -> None:
    """Search for a role."""
    page.get_by_role("textbox").fill("cardiology")
    page.get_by_role("textbox").press("Enter")
    page.locator(".fd-contact").first.wait_for(timeout=WITHIN)
    settle(page)
    page.screenshot(path=IMAGES / "directory.png")


def opened(
    browser: Browser, address: str, size: dict[str, int], selector: str = ".fd-hero"
) -> Page:
    """Return a new page that shows `selector`."""
    page = browser.new_page(viewport=size)  # type: ignore[arg-type]
    page.goto(address)
    page.locator(selector).first.wait_for(timeout=WITHIN)
    settle(page)
    return page


def settle(page: Page) -> None:
    """Let the page finish scrolling and fading."""
    page.wait_for_timeout(1200)


if __name__ == "__main__":
    main()
