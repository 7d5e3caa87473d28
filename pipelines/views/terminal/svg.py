"""The picture of a live run as a drawing in a file."""

from __future__ import annotations

from typing import Final

from pipelines.session.live_status import LiveStatus
from pipelines.views.terminal.cells import rich_text
from pipelines.views.terminal.picture import WIDEST, picture

__all__ = ["render_svg"]

# Fonts by name alone: a picture must not make a reader's machine fetch anything.
_SVG: Final = """\
<svg class="backstride" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
  <style>
    .{unique_id}-matrix {{
      font-family: "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace;
      font-size: 20.26px; /* most fonts are 0.602 of it wide: the grid's 12.2 px */
      line-height: {line_height}px;
      font-variant-east-asian: full-width;
    }}
    .{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
    {styles}
  </style>
  <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
  </defs>
  {chrome}
  <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix" xml:space="preserve">
    {matrix}
    </g>
  </g>
</svg>
"""


def render_svg(status: LiveStatus, width: int = 100) -> str:
    """Draw a status as an SVG document that refers to nothing outside itself.

    Parameters
    ----------
    status : LiveStatus
        What to show.
    width : int, default 100
        Columns, 20 to 120.

    Examples
    --------
    >>> render_svg(LiveStatus(source="sim:?seed=1", device="simulated sensor")).startswith("<svg")
    True
    """
    import io

    from rich.console import Console

    console = Console(
        record=True,
        width=max(20, min(width, WIDEST)),
        height=100,  # with a width alone rich would ask the environment
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        no_color=False,
    )
    console.print(rich_text(picture(status, console.width)))
    return console.export_svg(title="backstride live", code_format=_SVG)
