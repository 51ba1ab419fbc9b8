"""The sample website, its contacts and its questions hold together and are up to date."""

import csv
import importlib.util
import itertools
import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx
import phonenumbers
import pytest
from pypdf import PdfReader

SAMPLE = Path(__file__).parents[2] / "examples" / "kestrel-valley"
SITE = SAMPLE / "site"
PAGES = sorted(SITE.rglob("*.html"))
NAMESAKES = {"Sarah MacDonald"}
GONE = {"/services/travel-health.html", "/news/2025-drive-through-testing.html"}


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """The origin of a running sample server."""
    spec = importlib.util.spec_from_file_location("sample_serve_site", SAMPLE / "serve.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = module.make_server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.origin
    server.shutdown()
    thread.join()
    server.server_close()


def address(file: Path) -> str:
    """The path under which a file of the site is served."""
    return "/" + file.relative_to(SITE).as_posix().removesuffix("index.html")


def file_of(path: str) -> Path:
    return SITE / (path.lstrip("/") + ("index.html" if path.endswith("/") else ""))


def text_of(path: str) -> str:
    """The visible text of a page or PDF, white space as single blanks."""
    file = file_of(path)
    if file.suffix == ".pdf":
        return " ".join(" ".join(page.extract_text() for page in PdfReader(file).pages).split())
    main = re.search(r"<article>.*</article>", file.read_text(encoding="utf-8"), re.S)
    assert main, path
    return " ".join(unescape(re.sub(r"<[^>]+>", "", re.sub(r"</t[dh]>", " ", main[0]))).split())


def contacts() -> list[dict[str, str]]:
    with (SAMPLE / "contacts.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_site_is_large_enough_and_no_page_copies_another() -> None:
    assert len(PAGES) >= 85
    assert len(list(SITE.rglob("*.pdf"))) >= 6
    shingles = {}
    for file in PAGES:
        words = text_of(address(file)).lower().split()
        shingles[address(file)] = {tuple(words[n : n + 4]) for n in range(len(words) - 3)}
        assert len(words) >= 20, file
    for (one, a), (two, b) in itertools.combinations(shingles.items(), 2):
        assert len(a & b) / len(a | b) < 0.4, (one, two)


def test_the_built_site_is_what_the_sources_say(tmp_path: Path) -> None:
    command = [sys.executable, str(SAMPLE / "build.py"), "--out", str(tmp_path / "site")]
    subprocess.run(command, check=True, capture_output=True)
    built = {path.relative_to(tmp_path / "site") for path in (tmp_path / "site").rglob("*.*")}
    assert built == {path.relative_to(SITE) for path in SITE.rglob("*.*")}
    for path in built:
        if path.suffix != ".pdf":  # their bytes also depend on reportlab's version
            fresh = (tmp_path / "site" / path).read_bytes()
            assert fresh == (SITE / path).read_bytes(), f"{path} is stale: run {SAMPLE}/build.py"


def test_every_link_leads_somewhere() -> None:
    for file in PAGES:
        page = file.read_text(encoding="utf-8")
        assert f'<link rel="canonical" href="http://127.0.0.1:8765{address(file)}">' in page
        for link in re.findall(r'(?:href|src)="(/[^"]*)"', page):
            assert file_of(link).is_file() or link in GONE, (file.name, link)
        assert all(" alt=" in image for image in re.findall(r"<img [^>]*>", page))


def test_robots_and_sitemap(origin: str) -> None:
    robots = httpx.get(f"{origin}/robots.txt").text
    assert "Disallow: /staff-only/" in robots and f"Sitemap: {origin}/sitemap.xml" in robots
    tree = ElementTree.fromstring(httpx.get(f"{origin}/sitemap.xml").content)
    places = [place.text or "" for place in tree.iterfind(".//{*}loc")]
    assert len(places) >= 85 and not any("/staff-only/" in place for place in places)
    missing = [place for place in places if not file_of(urlsplit(place).path).is_file()]
    assert [httpx.get(place).status_code for place in missing] == [410]


def test_the_server_answers_as_a_web_server_does(origin: str) -> None:
    with httpx.Client(base_url=origin) as client:
        page = client.get("/patients/parking.html")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        for name, validator in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")):
            again = client.get("/patients/parking.html", headers={name: page.headers[validator]})
            assert (again.status_code, again.content) == (304, b"")
        changed = client.get("/patients/parking.html", headers={"If-None-Match": '"other"'})
        assert changed.status_code == 200
        pdf = client.head("/files/fee-schedule-2026-27.pdf")
        assert pdf.headers["content-type"] == "application/pdf" and not pdf.content
        assert client.get("/about").headers["location"] == f"{origin}/about/"
        assert client.get("/parking").headers["location"] == f"{origin}/patients/parking.html"
        assert "We cannot find that page" in client.get("/nowhere.html").text
        assert client.get("/nowhere.html").status_code == 404
        assert client.get("/services/travel-health.html").status_code == 410
        assert client.get("/%2e%2e/serve.py").status_code == 404
        assert client.get("/a%00b").status_code == 404


def test_the_old_policy_says_that_it_is_old() -> None:
    old = text_of("/patients/visiting-policy-2022.html")
    assert "no longer in force" in old and "replaced on 1 May 2025" in old
    assert "In force since 1 May 2025" in text_of("/patients/visiting-policy-2025.html")


def test_contacts_are_many_and_can_be_told_apart() -> None:
    rows = contacts()
    assert len(rows) >= 260
    assert list(rows[0]) == ["name", "role", "team", "site", "phone", "email", "notes", "public"]
    assert max(Counter((row["name"], row["site"]) for row in rows).values()) == 1
    names = Counter(row["name"] for row in rows)
    assert {name for name, count in names.items() if count > 1} == NAMESAKES
    emails = Counter(row["email"] for row in rows if row["email"])
    assert max(emails.values()) == 1
    assert all(email.endswith("@kestrelvalley.example") for email in emails)
    for row in filter(lambda row: row["phone"], rows):
        number = phonenumbers.parse(row["phone"], "CA")
        assert phonenumbers.is_valid_number(number), row["phone"]
        assert "-555-01" in row["phone"]


def test_what_is_not_public_is_not_on_the_site() -> None:
    private = [row for row in contacts() if row["public"] == "false"]
    assert len(private) >= 10
    whole = " ".join(
        file.read_text(encoding="utf-8") for file in PAGES if "staff-only" not in file.parts
    )
    for row in private:
        assert row["email"] not in whole if row["email"] else True
        assert row["phone"] not in whole, row["name"]


def test_every_number_on_the_site_is_in_the_directory() -> None:
    known = {row["phone"] for row in contacts()}
    for file in PAGES:
        for number in re.findall(r"(?:1-)?\d{3}-555-\d{4}(?: ext\. \d+)?", text_of(address(file))):
            assert number in known, (file.name, number)


def test_questions_are_answered_where_they_say() -> None:
    lines = (SAMPLE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len({row["q"] for row in rows}) == len(rows) >= 120
    for row in rows:
        assert row["url"] and all(file_of(url).is_file() for url in row["url"])
        for answer in row["answer"]:
            assert answer in text_of(row["url"][0]), row


@pytest.mark.parametrize("folder", ["agents", "db", "graphs", "tools"])
def test_no_code_knows_the_sample(folder: str) -> None:
    for file in (SAMPLE.parents[1] / folder).rglob("*.py"):
        assert "kestrel" not in file.read_text(encoding="utf-8").lower(), file
