"""The figure of the budget curve: an SVG drawn by hand, told apart in grey and by colour-blind readers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from bocage.units import format_number
from bocage.wording import say

if TYPE_CHECKING:
    from bocage.study.rivers_plan import RiverBudget
    from bocage.study.rivers_run import RiverStudy

_WIDTH, _HEIGHT = 900, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 40, 134, 64
# Blue and vermilion of Okabe and Ito, told apart by all; one is dashed besides.
_BEST, _RANKING, _INK, _QUIET, _GRID = "#0072B2", "#D55E00", "#222222", "#555555", "#DDDDDD"
_POINTS = 100.0


def draw_budget(study: RiverStudy, budget: RiverBudget) -> str:
    """Draw what each budget gains, best choice and ranking, as an SVG document."""
    language = study.inputs.language
    curve, ranking = budget.curve, budget.ranking
    end = float(curve.limit if np.isfinite(curve.limit) else max(curve.cost[-1], ranking.cost[-1]))
    end = end or 1.0
    top = float(max(curve.gain.max(), ranking.gain.max())) * _POINTS or 1.0
    x_ticks, y_ticks = choose_ticks(end), choose_ticks(top)
    x_end, y_end = max(end, 1e-9), max(float(y_ticks[-1]), top) * 1.02

    def place(cost: float, gain: float) -> tuple[float, float]:
        x = _LEFT + cost / x_end * (_WIDTH - _LEFT - _RIGHT)
        return x, _HEIGHT - _BOTTOM - gain / y_end * (_HEIGHT - _TOP - _BOTTOM)

    title = say("rivers.figure_title", language)
    subtitle = say(
        "rivers.figure_subtitle",
        language,
        index=say(f"rivers.figure_{study.options.index}", language),
        now=float(curve.now * _POINTS),
        end=float((curve.now + curve.gain[-1]) * _POINTS),
        count=budget.works,
    )
    method = describe_method(budget, language)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'font-family="Source Sans 3, Source Sans Pro, Helvetica, Arial, sans-serif" font-size="15">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(subtitle)} {escape(method)}</desc>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#FFFFFF"/>',
        _text(_LEFT, 36, title, size=21, weight="bold"),
        _text(_LEFT, 60, subtitle, colour=_QUIET),
        _text(_LEFT, 80, method[:1].upper() + method[1:], colour=_QUIET),
    ]
    x0, y0 = place(0, 0)
    x1, _ = place(x_end, 0)
    for tick in y_ticks:
        _, y = place(0, tick)
        out.append(_line(x0, y, x1, y, _INK if tick == 0 else _GRID))
        out.append(_text(x0 - 10, y + 5, _number(tick, y_ticks, language), anchor="end", colour=_QUIET))
    for tick in x_ticks:
        x, _ = place(tick, 0)
        out.append(_line(x, y0, x, y0 + 6, _INK))
        out.append(_text(x, y0 + 24, _number(tick, x_ticks, language), anchor="middle", colour=_QUIET))
    label = say("rivers.figure_x_cost" if study.costed else "rivers.figure_x_count", language)
    out.append(_text((x0 + x1) / 2, _HEIGHT - 16, label, anchor="middle"))
    out.append(_text(_LEFT, _TOP - 16, say("rivers.figure_y", language), colour=_QUIET))
    paths = {}
    for key, drawn in (("ranking", ranking), ("best", curve)):
        paths[key] = _stairs(drawn.cost, drawn.gain * _POINTS, end)
        dashed = ' stroke-dasharray="7 4"' if key == "ranking" else ""
        colour = _RANKING if key == "ranking" else _BEST
        steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*at) for at in paths[key]))
        out.append(
            f'<polyline points="{steps}" fill="none" stroke="{colour}" stroke-width="2.5" '
            f'stroke-linejoin="round"{dashed}/>'
        )
    out += _label_curves(paths, place, end, budget, language)
    out.append("</svg>")
    return "\n".join(out) + "\n"


def describe_method(budget: RiverBudget, language: str) -> str:
    """Say how the works were chosen, and how far from the best that may be."""
    curve = budget.curve
    if curve.method == "exact":
        return say("rivers.method_exact", language)
    if curve.method == "pruned":
        return say("rivers.method_pruned", language, gap=curve.gap * 100)
    if curve.method == "stepped":
        at = {
            "budget": format_cost(budget.told, language),
            "gap": format_gap(curve.find_gap(budget.told), language),
            "step": format_cost(curve.step, language),
        }
        return say("rivers.method_stepped", language, **at)
    return say("rivers.method_greedy", language)


def format_cost(value: float, language: str) -> str:
    """Write a cost with as many decimals as it has, two at most.

    >>> format_cost(1500.0, "en"), format_cost(0.5, "en")
    ('1,500', '0.5')
    """
    decimals = next((k for k in (0, 1) if round(value, k) == round(value, 2)), 2)
    return format_number(value, decimals, language)


def format_gap(share: float, language: str) -> str:
    """Write a gap [%], never less than it is: 0.01 at the least where there is one.

    >>> format_gap(0.0123, "en"), format_gap(1e-9, "en"), format_gap(0.0, "en")
    ('1.23', '0.01', '0')
    """
    percent = np.ceil(max(share - 1e-12, 0.0) * 1e4) / 100
    return format_number(float(percent), 0 if percent == 0 else 2, language)


def choose_ticks(end: float, most: int = 8) -> list[float]:
    """Choose round numbers from 0 up to ``end``.

    >>> choose_ticks(47.0)
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    step = 10.0 ** np.floor(np.log10(end / most))
    for factor in (1, 2, 5, 10):
        if end / (step * factor) <= most:
            step *= factor
            break
    return [float(round(step * k, 12)) for k in range(int(end / step + 1e-9) + 1)]


def _label_curves(
    paths: dict[str, list[tuple[float, float]]],
    place: object,
    end: float,
    budget: RiverBudget,
    language: str,
) -> list[str]:
    """Write each name beside its curve, where the two are farthest apart: above the best, below the other."""
    assert callable(place)
    grid = np.linspace(0.15 * end, 0.7 * end, 40)
    best, other = (_read_stairs(paths[key], grid) for key in ("best", "ranking"))
    at = int(np.argmax(best - other))
    x, y = place(float(grid[at]), float(best[at]))
    proved = budget.curve.method in ("exact", "pruned", "stepped")
    name = "rivers.figure_best" if proved else "rivers.figure_chosen"
    labels = [_text(x - 8, y - 10, say(name, language), colour=_BEST, weight="bold",
                    anchor="end")]  # fmt: skip
    x, y = place(float(grid[at]), float(other[at]))
    labels.append(_text(x + 10, y + 24, say("rivers.figure_ranking", language), colour="#A84700",
                        weight="bold"))  # fmt: skip
    return labels


def _stairs(cost: NDArray[np.float64], gain: NDArray[np.float64], end: float) -> list[tuple[float, float]]:
    """Give the corners of a staircase up to ``end``."""
    corners = [(float(cost[0]), float(gain[0]))]
    for before, x, y in zip(gain[:-1], cost[1:], gain[1:], strict=True):
        corners += [(float(x), float(before)), (float(x), float(y))]
    return [*corners, (end, float(gain[-1]))]


def _read_stairs(corners: list[tuple[float, float]], at: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = np.array(corners).T
    return np.asarray(y[np.maximum(np.searchsorted(x, at, side="right") - 1, 0)])


def _number(value: float, ticks: list[float], language: str) -> str:
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    return format_number(value, max(0, int(np.ceil(-np.log10(step) - 1e-9))), language)


def _line(x0: float, y0: float, x1: float, y1: float, colour: str) -> str:
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}" stroke-width="1"/>'
    )


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 15,
    anchor: str = "start",
    colour: str = _INK,
    weight: str = "normal",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )
