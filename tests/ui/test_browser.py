"""The app in a real browser: what a visitor types, reads, opens and rates."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import ANSWERED, CHROMIUM, WITHIN, app, ask, chromium
from desks import Desk
from playwright.sync_api import Browser, Page, expect

from frontdesk.graphs.parts import Parts
from frontdesk.graphs.prepare import prepare
from frontdesk.graphs.settings import Settings

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="no chromium: apt-get install chromium"
)
WAIT = "how long is the wait at avens general"


@pytest.fixture(scope="module")
def address(desk: Desk) -> Iterator[str]:
    script = Path(__file__).parent / "ruled_app.py"
    with app(script, desk.environment, desk.config.parent) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The empty chat. Nothing but the page itself may be asked for."""
    opened = browser.new_page(viewport={"width": 1100, "height": 900})
    elsewhere: list[str] = []
    opened.on("request", lambda request: elsewhere.append(request.url))
    opened.goto(address)
    opened.locator(".fd-hero").wait_for(timeout=WITHIN)
    yield opened
    opened.close()
    strangers = [u for u in elsewhere if not u.startswith((address, "data:", "blob:", "ws:"))]
    assert not strangers


def test_a_wait_is_answered_with_a_table(page: Page) -> None:
    said = ask(page, WAIT)
    assert "Avens General Hospital" in said and "Fetched" in said
    table = page.locator(".fd-waits").last
    expect(table.locator("tbody tr").first).to_contain_text("Avens General Hospital")
    expect(table.locator("figcaption")).to_contain_text("Fetched")
    expect(page.locator(".fd-step").first).to_contain_text("Read the live waits")


def test_an_answer_from_the_site_has_a_card_that_opens_the_page(page: Page) -> None:
    ask(page, "how much is parking")
    card = page.locator("a.fd-source").first
    expect(card).to_contain_text("Parking")
    assert "/patients/parking.html" in (card.get_attribute("href") or "")
    assert card.get_attribute("target") == "_blank"
    assert "noopener" in (card.get_attribute("rel") or "")
    with page.context.expect_page() as opened:
        card.click()
    assert "Parking" in opened.value.title()
    opened.value.close()


def test_a_contact_is_a_card_with_links(page: Page) -> None:
    ask(page, "whats maya oyelarans number")
    card = page.locator(".fd-contact").first
    expect(card).to_contain_text("Maya Oyelaran")
    links = card.locator("a").all()
    assert (links[0].get_attribute("href") or "").startswith("tel:")


def test_a_thread_survives_a_reload_and_a_look_at_another_page(page: Page) -> None:
    said = ask(page, WAIT)
    thread = page.url.partition("thread=")[2]
    assert len(thread) >= 32
    page.reload()
    page.locator(ANSWERED).first.wait_for(timeout=WITHIN)
    assert page.locator(ANSWERED).first.inner_text() == said
    expect(page.locator(".fd-waits").first).to_be_visible()
    page.get_by_role("link", name="Directory").click()
    page.get_by_label("Search for a name").wait_for(timeout=WITHIN)
    page.get_by_role("link", name="Chat").click()
    page.locator(ANSWERED).first.wait_for(timeout=WITHIN)
    assert thread in page.url
    page.get_by_role("button", name="New conversation").click()
    page.locator(".fd-hero").wait_for(timeout=WITHIN)
    assert thread not in page.url


def test_a_life_in_danger_is_answered_with_an_alert(page: Page) -> None:
    said = ask(page, "my dad collapsed and isn't breathing")
    assert "911" in said
    expect(page.locator(".fd-urgent[role=alert]")).to_contain_text("911")


def test_a_thumb_is_stored(page: Page, desk: Desk) -> None:
    ask(page, "write me a poem")
    thread = page.url.partition("thread=")[2]
    page.get_by_role("radio", name="Thumbs down").click()
    page.get_by_text("Thank you.").wait_for(timeout=WITHIN)
    with Parts(Settings.load(desk.config)) as parts, parts.store.connection() as connection:
        row = connection.execute(
            "SELECT thumb, question FROM feedback WHERE thread = %s", [thread]
        ).fetchone()
    assert row == (-1, "write me a poem")


def test_the_chips_are_questions_about_this_organisation(page: Page) -> None:
    chips = page.locator(".st-key-fd-chips button")
    chips.first.wait_for(timeout=WITHIN)
    assert "How long is the wait at" in " ".join(chips.all_inner_texts())
    chips.first.click()
    page.locator(ANSWERED).first.wait_for(timeout=WITHIN)
    expect(page.locator(".fd-question").first).to_contain_text("How long is the wait at")


def test_what_is_typed_is_shown_as_text(page: Page) -> None:
    page.evaluate("window.hacked = false")
    ask(page, "poem <img src=x onerror='window.hacked=true'> **bold** $x$")
    expect(page.locator(".fd-question").first).to_contain_text("<img src=x")
    assert page.evaluate("window.hacked") is False
    assert page.locator(".fd-question img, .fd-question strong").count() == 0


def test_the_waits_page(page: Page, address: str) -> None:
    page.goto(f"{address}/waits")
    rows = page.locator(".fd-waits tbody tr")
    rows.first.wait_for(timeout=WITHIN)
    assert rows.count() >= 10
    assert page.locator(".fd-map img").evaluate("image => image.naturalWidth") > 0
    assert "Map of" in (page.locator(".fd-map img").get_attribute("alt") or "")
    page.locator(".fd-chart img").first.wait_for(timeout=WITHIN)
    page.get_by_role("radio", name="Urgent care").click()
    expect(rows.first.locator("td").nth(2)).to_contain_text("Urgent care", timeout=WITHIN)


def test_the_directory_page(page: Page, address: str) -> None:
    page.goto(f"{address}/directory")
    box = page.get_by_label("Search for a name")
    box.wait_for(timeout=WITHIN)
    box.fill("oyelarn")
    box.press("Enter")
    expect(page.locator(".fd-contact").first).to_contain_text("Maya Oyelaran", timeout=WITHIN)
    box.fill("Iris Private")
    box.press("Enter")
    expect(page.locator("[role=status]").last).to_be_visible(timeout=WITHIN)
    expect(page.get_by_text("587-555-0199")).to_have_count(0)


def test_a_phone_shows_everything_within_its_width(browser: Browser, address: str) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 800})
    phone.goto(address)
    phone.locator(".fd-hero").wait_for(timeout=WITHIN)
    ask(phone, "where is the shortest wait")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.locator(".fd-waits").first.evaluate("e => e.getBoundingClientRect().right") <= 390
    phone.close()


def test_a_database_that_dies_is_told_and_comes_back(
    browser: Browser, write_desk: Callable[[], Desk]
) -> None:
    desk = write_desk()
    settings = Settings.load(desk.config)
    prepare(settings)
    script = Path(__file__).parent / "ruled_app.py"
    with app(script, desk.environment, desk.config.parent) as address:
        page = browser.new_page()
        page.goto(address)
        page.locator(".fd-hero").wait_for(timeout=WITHIN)
        first = ask(page, WAIT)
        pid = int((settings.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        page.get_by_role("textbox").fill("how much is parking")
        page.get_by_role("textbox").press("Enter")
        told = page.locator("[data-testid=stAlert]").or_(page.locator(ANSWERED).nth(1))
        told.first.wait_for(timeout=WITHIN)
        expect(page.get_by_text("Traceback")).to_have_count(0)
        page.reload()
        page.locator(ANSWERED).first.wait_for(timeout=WITHIN)
        assert page.locator(ANSWERED).first.inner_text() == first
        page.close()
