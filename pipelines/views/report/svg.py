"""A drawing as SVG to stand inside a page, made with matplotlib.

Text stays text, colours are the page's own (CSS variables), so that dark, light and print each have
theirs. The same drawing gives the same bytes.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final, Literal

Draw = Callable[[Any], None]

# Stand-ins for the page's colours; a drawing has no other use for them.
_NAMES: Final = ("ink", "muted", "grid", "line", "band", "changed", "first", "second", "soft")
_COLOURS: Final = tuple(f"#{3 * f'0{place}'}" for place in range(1, len(_NAMES) + 1))
INK, MUTED, GRID, LINE, BAND, CHANGED, FIRST, SECOND, SOFT = _COLOURS
#: Identifiers that are not drawn by chance, and text that stays text.
_SAME_BYTES: Final[Mapping[str, Any]] = {"svg.fonttype": "none", "svg.hashsalt": "backstride"}
_SETTINGS: Final[Mapping[str, Any]] = {
    **_SAME_BYTES,
    "font.size": 9.0,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "xtick.major.width": 0.6,
    "text.color": INK,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "legend.frameon": False,
    "path.simplify": True,
    "text.parse_math": False,
}
#: The settings of matplotlib are those of the whole program.
_DRAWING: Final = threading.Lock()


def svg_figure(size: tuple[float, float], draw: Draw, identifier: str, words: str) -> str:
    """A picture as an element of a page.

    Parameters
    ----------
    size : (float, float)
        Width and height, inches.
    draw : callable
        Draws on a matplotlib figure.
    identifier : str
        Unique within the page.
    words : str
        What it shows, for those who cannot see it.
    """
    picture = drawn(size, draw, _SETTINGS, transparent=True)
    return _inline(picture.decode(), identifier, words)


def drawn(
    size: tuple[float, float],
    draw: Draw,
    settings: Mapping[str, Any] = _SAME_BYTES,
    *,
    layout: Literal["constrained"] | None = None,
    transparent: bool = False,
) -> bytes:
    """A picture as a file; whatever the user's own settings are, the same drawing is the same.

    Parameters
    ----------
    size, draw
        As for :func:`svg_figure`.
    settings : mapping of str
        Of matplotlib.
    layout : {"constrained"}, optional
        How places are found for axes that have none of their own.
    transparent : bool
        Whether the ground is left to the page.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    chosen: Any = settings
    with _DRAWING, mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(chosen)
        figure = Figure(figsize=size, layout=layout)
        FigureCanvasSVG(figure)
        draw(figure)
        out = io.BytesIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", transparent=transparent, metadata=nothing)
    return out.getvalue()


_KEPT_ID: Final = re.compile(r'(?:xlink:)?href="#([^"]+)"|url\(#([^)]+)\)')


def _inline(svg: str, identifier: str, words: str) -> str:
    """The picture as part of a page: named for those who cannot see it, with identifiers apart."""
    body = svg[svg.index("<svg") :].strip()
    head, _, body = body.partition(">")
    box = re.search(r'viewBox="([^"]+)"', head)
    assert box is not None
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    # the page's font, at the drawn size
    body = re.sub(r"font: (?:(bold) )?([\d.]+px)[^;\"]*", _font, body)
    for colour, name in zip(_COLOURS, _NAMES, strict=True):
        body = body.replace(colour, f"var(--{name})")
    used = {a or b for a, b in _KEPT_ID.findall(body)}
    body = re.sub(
        r' id="([^"]+)"',
        lambda match: f' id="{identifier}-{match[1]}"' if match[1] in used else "",
        body,
    )
    body = re.sub(r'xlink:href="#', f'href="#{identifier}-', body)
    body = body.replace("url(#", f"url(#{identifier}-")
    body = re.sub(r"(\d+\.\d\d)\d+", r"\1", body)
    body = re.sub(r">\s+<", "><", body)
    # \n inside paths and styles says nothing
    body = re.sub(r"\s*\n\s*", " ", body)
    return (
        f'<svg viewBox="{box[1]}" role="img" aria-labelledby="{identifier}-title">'
        f'<title id="{identifier}-title">{escape(words, quote=False)}</title>{body}'
    )


def _font(match: re.Match[str]) -> str:
    weight = "font-weight: 600; " if match[1] else ""
    return f"{weight}font-size: {match[2]}"
