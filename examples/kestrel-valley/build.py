"""Write the website `site/` from the Markdown sources in `content/`.

    python examples/kestrel-valley/build.py              # into site/
    python examples/kestrel-valley/build.py --out DIR    # elsewhere, to compare

A source opens with `key: value` lines, an empty line, then Markdown with HTML where Markdown has no
word for it. `[[tel Parking Office]]` and `[[mail Parking Office]]` become links with what
contacts.csv says, so a page cannot disagree with the directory; other macros stand in MACROS.
The same sources give the same bytes. Sources under `content/files/` become PDFs (see pdf.py).
"""

import argparse
import csv
import html
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Template

import pdf
from markdown_it import MarkdownIt

HERE = Path(__file__).parent
CONTENT = HERE / "content"
ORIGIN = "http://127.0.0.1:8765"
GONE_FROM_SITEMAP = "/news/2025-drive-through-testing.html"
ERRORS = ("/404.html", "/410.html")
HIDDEN = ("/staff-only/", *ERRORS)
MACRO = re.compile(r"\[\[(\w+) ?([^\]]*)\]\]")
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")

with (HERE / "contacts.csv").open(encoding="utf-8", newline="") as lines:
    CONTACTS: list[dict[str, str]] = [
        row for row in csv.DictReader(lines) if row["public"] == "true"
    ]
with (HERE / "departments.toml").open("rb") as facts:
    ADDRESSES = {row["name"]: row["address"].strip() for row in tomllib.load(facts)["department"]}


class SourceError(ValueError):
    """A source page says something that cannot be rendered."""


@dataclass(frozen=True)
class Page:
    """One source: its address on the site, its `key: value` lines and its Markdown."""

    path: str
    head: dict[str, str]
    body: str

    @property
    def title(self) -> str:
        return self.head["title"]

    @property
    def section(self) -> str:
        """The folder of the page, `/patients/` for `/patients/parking.html`."""
        return self.path[: self.path.rindex("/") + 1]

    @property
    def day(self) -> date:
        return date.fromisoformat(self.head["date"])


def load(file: Path) -> Page:
    """Read one source file; the empty line ends its `key: value` lines."""
    head, _, body = file.read_text(encoding="utf-8").partition("\n\n")
    keys = dict(line.split(": ", 1) for line in head.splitlines())
    path = "/" + file.relative_to(CONTENT).with_suffix(".html").as_posix()
    if missing := {"title", "date"} - keys.keys():
        raise SourceError(f"{file}: lacks {', '.join(sorted(missing))}; write it above the text")
    return Page(path.removesuffix("index.html") or "/", keys, body)


def contact(who: str) -> dict[str, str]:
    """The directory's one row for a name, or for `NAME @ SITE` where two people share it."""
    name, _, site = who.partition(" @ ")
    rows = [row for row in CONTACTS if row["name"] == name and site in ("", row["site"])]
    if len(rows) != 1:
        raise SourceError(f"{who!r} is {len(rows)} public rows of contacts.csv; a page needs one")
    return rows[0]


def tel(name: str, pages: list[Page]) -> str:
    return telephone(contact(name)["phone"])


def telephone(shown: str) -> str:
    """A `tel:` link for "587-555-0123 ext. 2204"; nothing for nothing."""
    if not shown:
        return ""
    number, _, extension = shown.partition(" ext. ")
    target = "+1-" + number.removeprefix("1-") + (f";ext={extension}" if extension else "")
    return f'<a href="tel:{target}">{shown}</a>'


def mail(name: str, pages: list[Page]) -> str:
    address = contact(name)["email"]
    return f'<a href="mailto:{address}">{address}</a>'


def address(name: str, pages: list[Page]) -> str:
    return html.escape(", ".join(ADDRESSES[name].split("\n")))


def listing(section: str, pages: list[Page]) -> str:
    """A list of the pages of a section with their summaries; news newest first."""
    inside = [page for page in pages if page.section == section and page.path != section]
    if section == "/news/":
        inside.sort(key=lambda page: page.day, reverse=True)
    items = [
        f'<li><a href="{page.path}">{html.escape(page.title)}</a>'
        f"{' ' + in_words(page.day) if section == '/news/' else ''}"
        f"<br>{html.escape(page.head.get('summary', ''))}</li>"
        for page in inside
    ]
    return f'<ul class="listing">{"".join(items)}</ul>'


def staff(where: str, pages: list[Page]) -> str:
    """A table of the people at the sites named in `where`, joined by semicolons."""
    sites = where.split("; ")
    rows = [row for row in CONTACTS if row["site"] in sites]
    cells = [
        f"<tr><td>{html.escape(row['name'])}</td><td>{html.escape(row['role'])}</td>"
        f"<td>{html.escape(row['team'])}</td><td>{telephone(row['phone'])}</td>"
        f"<td>{html.escape(row['notes'])}</td></tr>"
        for row in rows
    ]
    heads = "<tr><th>Name</th><th>Role</th><th>Team</th><th>Phone</th><th>Good to know</th></tr>"
    return f"<table><thead>{heads}</thead><tbody>{''.join(cells)}</tbody></table>"


MACROS: dict[str, Callable[[str, list[Page]], str]] = {
    "tel": tel,
    "mail": mail,
    "address": address,
    "list": listing,
    "staff": staff,
}


def in_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def expand(text: str, pages: list[Page]) -> str:
    """Replace every `[[macro argument]]` of `text`."""
    return MACRO.sub(lambda found: MACROS[found[1]](found[2], pages), text)


def breadcrumbs(page: Page, titles: dict[str, str]) -> str:
    """Links to the home page and the section, then the page's own title."""
    trail = [("/", "Home")]
    if page.section != "/" and page.path != page.section:
        trail.append((page.section, titles.get(page.section, page.section.strip("/"))))
    links = [f'<a href="{path}">{html.escape(title)}</a>' for path, title in trail]
    here = (
        [f'<span aria-current="page">{html.escape(page.title)}</span>'] if page.path != "/" else []
    )
    return " › ".join(links + here)


def siblings(page: Page, pages: list[Page]) -> str:
    """The menu beside the text: up to twelve pages after this one in its section."""
    inside = [other for other in pages if other.section == page.section]
    at = inside.index(page)
    around = [other for other in inside[at + 1 :] + inside[:at] if other.path not in ERRORS]
    items = [
        f'<li><a href="{other.path}">{html.escape(other.title)}</a></li>' for other in around[:12]
    ]
    return f"<ul>{''.join(items)}</ul>"


def render(page: Page, pages: list[Page], frame: Template) -> str:
    """The whole HTML document of a page."""
    titles = {other.path: other.title for other in pages}
    label = "Published" if page.section == "/news/" else "Last reviewed"
    return frame.substitute(
        language=page.head.get("lang", "en"),
        title=html.escape(page.title),
        summary=html.escape(page.head.get("summary", page.title)),
        canonical=ORIGIN + page.path,
        robots="noindex" if page.path.startswith(HIDDEN) else "index, follow",
        breadcrumbs=breadcrumbs(page, titles),
        body=MARKDOWN.render(expand(page.body, pages)),
        siblings=siblings(page, pages),
        dated=f"{label} {in_words(page.day)}",
    )


def sitemap(pages: list[Page]) -> str:
    """Every page that may be indexed, and one that no longer exists."""
    open_pages = [page for page in pages if not page.path.startswith(HIDDEN)]
    entries = [(page.path, page.head["date"]) for page in open_pages]
    entries.append((GONE_FROM_SITEMAP, "2025-04-02"))
    rows = [
        f"<url><loc>{ORIGIN}{path}</loc><lastmod>{day}</lastmod></url>" for path, day in entries
    ]
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{space}">\n'
    return head + "\n".join(rows) + "\n</urlset>\n"


def outputs() -> Iterator[tuple[str, bytes]]:
    """Every file of the site as (path below it, bytes)."""
    frame = Template((CONTENT / "page.html").read_text(encoding="utf-8"))
    files = sorted(CONTENT.rglob("*.md"))
    papers = CONTENT / "files"
    pages = [load(file) for file in files if papers not in file.parents]
    for page in pages:
        name = page.path + "index.html" if page.path.endswith("/") else page.path
        yield name.lstrip("/"), render(page, pages, frame).encode()
    for file in files:
        if papers in file.parents:
            paper = load(file)
            tokens = MARKDOWN.parse(re.sub(r"<a [^>]*>|</a>", "", expand(paper.body, pages)))
            yield f"files/{file.stem}.pdf", pdf.render(paper.title, in_words(paper.day), tokens)
    for file in sorted((CONTENT / "assets").iterdir()):
        yield f"assets/{file.name}", file.read_bytes()
    robots = "User-agent: *\nDisallow: /staff-only/\nDisallow: /api/\n"
    yield "robots.txt", f"{robots}\nSitemap: {ORIGIN}/sitemap.xml\n".encode()
    yield "sitemap.xml", sitemap(pages).encode()


def build(out: Path) -> int:
    """Write the site to `out`, which holds nothing else afterwards; returns the number of files."""
    written = dict(outputs())
    if out.exists():
        shutil.rmtree(out)
    for name, body in written.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(body)
    return len(written)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the sample website.")
    parser.add_argument("--out", type=Path, default=HERE / "site")
    out: Path = parser.parse_args().out
    print(f"wrote {build(out)} files to {out}")


if __name__ == "__main__":
    main()
