"""A drawing as an image of the page: SVG that stands alone, with its own colours and its text.

As an image it can hold nothing that runs, needs no library in the browser, and has an alternative
text. Its style knows phones: a media query inside an SVG image sees the width of the image.
"""

from base64 import b64encode
from html import escape

STYLE = """
text{font:12px system-ui,"Source Sans 3","Segoe UI","Noto Sans","DejaVu Sans",sans-serif;
fill:#1d2724}
.land{fill:#eef1ea}.grid{stroke:#e0e4da;stroke-width:1}
circle{stroke:#fff;stroke-width:2}
circle.short{fill:#17693a}circle.middle{fill:#b56d00}circle.long{fill:#a8231a}
circle.closing{fill:#7a2f8f}circle.unknown{fill:#245a86}circle.closed{fill:#fff;stroke:#5d6662}
text.name,text.wait{paint-order:stroke;stroke:#eef1ea;stroke-width:3px;stroke-linejoin:round}
text.count{font-weight:700;fill:#fff}text.wait{font-weight:700}text.short{fill:#17693a}text.middle{fill:#8a5200}text.long{fill:#a8231a}
text.closing{fill:#7a2f8f}text.closed{fill:#5d6662}text.unknown{fill:#245a86}
.scale{fill:none;stroke:#57625d;stroke-width:1.5}text.soft{fill:#57625d}
.paper{fill:#fff;stroke:#dcd8cc}.band{fill:#cfe3dd}.gap{fill:#eceae2}
.median{stroke:#4f8d80;stroke-width:1.5;stroke-dasharray:3 3}
.line{fill:none;stroke:#0b6157;stroke-width:2.6}
@media(max-width:480px){text{font-size:20px}text.name{display:none}}
"""


def picture(drawn: str, width: float, height: float, alternative: str) -> str:
    """Return SVG elements as an image tag; `alternative` is read to who cannot see it."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}">'
        f"<style>{STYLE}</style>{drawn}</svg>"
    )
    data = b64encode(svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alternative)}">'
