"""Works on a river tree: what each adds, and the Pareto fronts that hold the best set for every budget.

Trees here are numbered downstream first (``parent[v] < v``, -1 for a root), so one loop down the numbers
gathers subtrees and one loop up spreads what lies outside them.

A front holds the states that a part of the tree can be in, none dominated by another: ``cost`` (m,) int64
ascending, and ``state`` (3, m) float64, the rows of which are the weight that arrives at the part's root, the
weight that is reached from it, and the sum of weight × passability × weight over all pairs inside the part.
Two parts that meet give ``(a + a', b + b', n + n' + a b' + a' b)``. To the whole a state is worth
``n + a y + b x``, with y what is reached and x what arrives outside the part, both between today's and those
with everything open: what is worth less at no lower cost, for all y and x in these ranges, can be forgotten.

Memory: 80 bytes a state of the result, nothing for the pairs that are tried.
"""

from __future__ import annotations

import numpy as np
from numba import njit

ARRIVING, REACHED, PAIRS = 0, 1, 2
"""Rows of the states of a front."""


@njit(cache=True, nogil=True)
def contract_reaches(order, downstream, kept):
    """Unite every reach with the one it flows into unless ``kept`` (n,) bool parts them.

    ``order`` (n,) int32 lists reaches from the headwaters down. Returns the node (n,) int32 of each reach,
    numbered downstream first, and the lowest reach (nodes,) int32 of each node.
    """
    count = order.size
    node = np.empty(count, np.int32)
    lowest = np.empty(count, np.int32)
    nodes = 0
    for i in range(count - 1, -1, -1):
        reach = order[i]
        below = downstream[reach]
        if below < 0 or kept[reach]:
            node[reach] = nodes
            lowest[nodes] = reach
            nodes += 1
        else:
            node[reach] = node[below]
    return node, lowest[:nodes].copy()


@njit(cache=True, nogil=True)
def fold_fixed(parent, up, down, worked, arriving, reached, paired):
    """Fold into its parent every subtree in which nothing can change.

    ``worked`` (n,) bool says where there are options; ``arriving``, ``reached`` and ``paired`` (n,) float64
    hold the state of each node alone and are gathered in place: a folded node has paired 0 afterwards.
    Returns which nodes (n,) bool are left; roots always are.
    """
    left = worked.copy()
    for v in range(parent.size - 1, -1, -1):
        p = parent[v]
        if p < 0:
            left[v] = True
        elif left[v]:
            left[p] = True
        else:
            paired[p] += paired[v] + down[v] * arriving[v] * reached[p] + up[v] * reached[v] * arriving[p]
            arriving[p] += down[v] * arriving[v]
            reached[p] += up[v] * reached[v]
            paired[v] = 0.0
    return left


@njit(cache=True, nogil=True)
def spread(parent, up, down, arriving, reached, diadromous, upper_in, upper_out, rest_in, rest_out):
    """Value of a tree but for a constant, and what multiplies a change of each barrier.

    Node 0 is the sea. ``arriving`` and ``reached`` (n,) float64 are those of each node alone. Fills
    ``upper_in`` and ``upper_out`` (what arrives at a node and is reached from it, in its subtree),
    ``rest_in`` and ``rest_out`` (what arrives at its parent and is reached from there, outside the subtree):
    passing from (u, d) to (u', d') adds ``(d' - d) * upper_in * rest_out + (u' - u) * rest_in * upper_out``.
    When ``diadromous``, the value is what is reached from the sea, ``rest_in`` the passability from the sea
    to the parent and ``rest_out`` 0.
    """
    count = parent.size
    value = 0.0
    for v in range(count):
        upper_in[v] = arriving[v]
        upper_out[v] = reached[v]
    for v in range(count - 1, 0, -1):
        p = parent[v]
        if not diadromous:
            value += down[v] * upper_in[v] * upper_out[p] + up[v] * upper_out[v] * upper_in[p]
        upper_in[p] += down[v] * upper_in[v]
        upper_out[p] += up[v] * upper_out[v]
    rest_in[0] = 0.0
    rest_out[0] = 0.0
    for v in range(1, count):
        p = parent[v]
        if diadromous:
            rest_in[v] = up[p] * rest_in[p] if p > 0 else 1.0
            rest_out[v] = 0.0
        else:
            rest_in[v] = upper_in[p] - down[v] * upper_in[v] + up[p] * rest_in[p]
            rest_out[v] = upper_out[p] - up[v] * upper_out[v] + down[p] * rest_out[p]
    return upper_out[0] if diadromous else value


@njit(cache=True, nogil=True)
def walk_budget(
    parent, arriving, reached, diadromous, first, cost, option_up, option_down, up, down, level,
    spent, budget, closing,
):  # fmt: skip
    """Change one barrier at a time, always the best gain for its cost (or, ``closing``, the least loss).

    ``first`` (n + 1,) says where the options of each node start in ``cost``, ``option_up`` and
    ``option_down``, cheapest first; ``level`` (n,) is the option now chosen, with its passability in ``up``
    and ``down`` (n,); all three are changed in place. Opening, what costs more than ``budget - spent`` is
    passed over; closing goes on until ``spent <= budget``. Returns node, option, spent and value after each
    step. Ties go to the lowest node. Time: nodes × steps.
    """
    count = parent.size
    room = cost.size + count
    nodes = np.empty(room, np.int32)
    options = np.empty(room, np.int32)
    costs = np.empty(room, np.int64)
    values = np.empty(room, np.float64)
    upper_in = np.empty(count)
    upper_out = np.empty(count)
    rest_in = np.empty(count)
    rest_out = np.empty(count)
    steps = 0
    value = spread(parent, up, down, arriving, reached, diadromous, upper_in, upper_out, rest_in, rest_out)
    while steps < room and not (closing and spent <= budget):
        best_node = -1
        best_option = -1
        best = -np.inf
        for v in range(count):
            now = level[v]
            start = first[v]
            if first[v + 1] - start < 2:
                continue
            by_down = upper_in[v] * rest_out[v]
            by_up = rest_in[v] * upper_out[v]
            for o in range(first[v + 1] - start):
                extra = cost[start + o] - cost[start + now]
                gain = (option_down[start + o] - down[v]) * by_down + (option_up[start + o] - up[v]) * by_up
                if closing:
                    if extra >= 0:
                        continue
                    score = gain / -extra
                elif o == now or spent + extra > budget or gain <= 1e-15:
                    continue
                elif extra <= 0:
                    score = np.inf
                else:
                    score = gain / extra
                if score > best:
                    best = score
                    best_node = v
                    best_option = o
        if best_node < 0:
            break
        v = best_node
        spent += cost[first[v] + best_option] - cost[first[v] + level[v]]
        level[v] = best_option
        up[v] = option_up[first[v] + best_option]
        down[v] = option_down[first[v] + best_option]
        value = spread(
            parent, up, down, arriving, reached, diadromous, upper_in, upper_out, rest_in, rest_out
        )
        nodes[steps] = v
        options[steps] = best_option
        costs[steps] = spent
        values[steps] = value
        steps += 1
    return nodes[:steps].copy(), options[:steps].copy(), costs[:steps].copy(), values[:steps].copy()


@njit(cache=True, nogil=True)
def _find_group_starts(cost):
    """Where each distinct cost starts, with the end last."""
    starts = np.empty(cost.size + 1, np.int64)
    groups = 0
    for i in range(cost.size):
        if i == 0 or cost[i] != cost[i - 1]:
            starts[groups] = i
            groups += 1
    starts[groups] = cost.size
    return starts[: groups + 1].copy()


@njit(cache=True, nogil=True)
def _find_corners(state, starts):
    """Greatest of each row of the states in every group."""
    corners = np.zeros((3, starts.size - 1))
    for g in range(starts.size - 1):
        for r in range(3):
            top = state[r, starts[g]]
            for i in range(starts[g] + 1, starts[g + 1]):
                top = max(top, state[r, i])
            corners[r, g] = top
    return corners


@njit(cache=True, nogil=True)
def _find_dominating(worth, slack, flat, stairs, height):
    """Place, in the stairs, of what is worth at least ``worth`` (4,) but for the slack; -1 when nothing is.

    ``flat``: only the least and the most count; the stairs then rise in one and fall in the other, and one
    look is enough.
    """
    if flat:
        low = 0
        high = height
        floor = worth[0] - slack
        while low < high:
            middle = (low + high) // 2
            if stairs[0, middle] >= floor:
                high = middle
            else:
                low = middle + 1
        if low < height and stairs[3, low] >= worth[3] - slack:
            return low
        return -1
    floor_0 = worth[0] - slack
    floor_1 = worth[1] - slack
    floor_2 = worth[2] - slack
    floor_3 = worth[3] - slack
    for k in range(height):
        if (
            stairs[3, k] >= floor_3
            and stairs[0, k] >= floor_0
            and stairs[1, k] >= floor_1
            and stairs[2, k] >= floor_2
        ):
            return k
    return -1


@njit(cache=True, nogil=True)
def _advance(at, stairs, stair_id):
    """Move what has dominated towards the front: what dominates once dominates often."""
    to = at // 2
    if to != at:
        for r in range(4):
            stairs[r, at], stairs[r, to] = stairs[r, to], stairs[r, at]
        stair_id[at], stair_id[to] = stair_id[to], stair_id[at]


@njit(cache=True, nogil=True)
def _value(a, b, n, box, worth):
    """Write into ``worth`` (4,) what a state is worth to the whole for each extreme of what lies outside it.

    ``box`` (4,): least and most reached outside, which multiply what arrives (a), and least and most
    arriving from outside, which multiply what is reached (b).
    """
    worth[0] = n + a * box[0] + b * box[2]
    worth[1] = n + a * box[0] + b * box[3]
    worth[2] = n + a * box[1] + b * box[2]
    worth[3] = n + a * box[1] + b * box[3]


@njit(cache=True, nogil=True)
def _insert(worth, kept, flat, stairs, stair_id, height, alive, costs, cost):
    """Put a state among the stairs and take away those it dominates; those of its own cost die."""
    if flat:
        low = 0
        high = height
        while low < high:
            middle = (low + high) // 2
            if stairs[0, middle] > worth[0]:
                high = middle
            else:
                low = middle + 1
        bottom = low
        while bottom > 0 and stairs[3, bottom - 1] <= worth[3]:
            bottom -= 1
            if costs[stair_id[bottom]] == cost:
                alive[stair_id[bottom]] = False
        shift = 1 - (low - bottom)
        if shift == 1:
            for k in range(height, low, -1):
                stairs[0, k] = stairs[0, k - 1]
                stairs[3, k] = stairs[3, k - 1]
                stair_id[k] = stair_id[k - 1]
        elif shift < 0:
            for k in range(low, height):
                stairs[0, k + shift] = stairs[0, k]
                stairs[3, k + shift] = stairs[3, k]
                stair_id[k + shift] = stair_id[k]
        height += shift
        stairs[0, bottom] = worth[0]
        stairs[3, bottom] = worth[3]
        stair_id[bottom] = kept
        return height
    k = 0
    while k < height:
        if (
            stairs[0, k] <= worth[0]
            and stairs[1, k] <= worth[1]
            and stairs[2, k] <= worth[2]
            and stairs[3, k] <= worth[3]
        ):
            if costs[stair_id[k]] == cost:
                alive[stair_id[k]] = False
            height -= 1
            for r in range(4):
                stairs[r, k] = stairs[r, height]
            stair_id[k] = stair_id[height]
        else:
            k += 1
    for r in range(4):
        stairs[r, height] = worth[r]
    stair_id[height] = kept
    return height + 1


@njit(cache=True, nogil=True)
def _grow(values, room):
    """Copy into twice the room along the last axis."""
    wider = np.empty(room, values.dtype)
    wider[: values.size] = values
    return wider


@njit(cache=True, nogil=True)
def merge_fronts(
    one_cost, one, two_cost, two, budget, flat, paired, goal, box, slack_rate, gain_cost, gain, rounding, most
):  # fmt: skip
    """Front of two parts of a tree that meet.

    Parameters: the two fronts; ``budget`` beyond which nothing is kept; ``flat`` when what arrives always
    equals what is reached; ``paired`` 1.0 when pairs count, 0.0 when only what is reached from the sea does;
    ``goal`` the row that alone matters (when nothing is left to meet), or -1; ``box`` (4,) as in `_value`. A
    state is dominated by another that is no dearer and, for whatever lies outside within the box, not worth
    less to the whole by more than ``slack_rate`` × the greatest known ``gain`` for its cost (a staircase over
    ``gain_cost`` from 0), plus ``rounding``: worth is linear in both ranges, so four extremes say it for all.
    Returns cost, state and, of each state, the two (m,) int32 it came from; nothing at all when more than
    ``most`` states were to be kept.
    """
    one_start = _find_group_starts(one_cost)
    two_start = _find_group_starts(two_cost)
    one_top = _find_corners(one, one_start)
    two_top = _find_corners(two, two_start)
    ones = one_start.size - 1
    twos = two_start.size - 1

    room = 1024
    costs = np.empty(room, np.int64)
    kept_a = np.empty(room)
    kept_b = np.empty(room)
    kept_n = np.empty(room)
    from_one = np.empty(room, np.int32)
    from_two = np.empty(room, np.int32)
    alive = np.empty(room, np.bool_)
    kept = 0
    stairs = np.empty((4, room))
    stair_id = np.empty(room, np.int64)
    height = 0
    worth = np.empty(4)
    known = 0

    # A heap of (cost, group of one), each with the group of two that it meets next: pairs by rising cost.
    heap_cost = np.empty(ones, np.int64)
    heap_group = np.empty(ones, np.int64)
    following = np.zeros(ones, np.int64)
    for g in range(ones):
        heap_cost[g] = one_cost[one_start[g]] + two_cost[0]
        heap_group[g] = g
    size = ones
    while size > 0:
        cost = heap_cost[0]
        if cost > budget:
            break
        g = heap_group[0]
        h = following[g]
        following[g] = h + 1
        if h + 1 < twos:
            key = one_cost[one_start[g]] + two_cost[two_start[h + 1]]
            moved = g
        else:
            size -= 1
            key = heap_cost[size]
            moved = heap_group[size]
        at = 0
        while True:
            child = 2 * at + 1
            if child >= size:
                break
            if child + 1 < size and (
                heap_cost[child + 1] < heap_cost[child]
                or (heap_cost[child + 1] == heap_cost[child] and heap_group[child + 1] < heap_group[child])
            ):
                child += 1
            if heap_cost[child] < key or (heap_cost[child] == key and heap_group[child] < moved):
                heap_cost[at] = heap_cost[child]
                heap_group[at] = heap_group[child]
                at = child
            else:
                break
        if size > 0:
            heap_cost[at] = key
            heap_group[at] = moved

        while known + 1 < gain_cost.size and gain_cost[known + 1] <= cost:
            known += 1
        slack = slack_rate * gain[known] + rounding

        ta, tb, tn = two_top[0, h], two_top[1, h], two_top[2, h]
        ga, gb, gn = one_top[0, g], one_top[1, g], one_top[2, g]
        a = ga + ta
        b = gb + tb
        n = gn + tn + paired * (ga * tb + ta * gb)
        if goal >= 0:
            n = a if goal == ARRIVING else n
            a = 0.0
            b = 0.0
        _value(a, b, n, box, worth)
        found = _find_dominating(worth, slack, flat, stairs, height)
        if found >= 0:
            if not flat:
                _advance(found, stairs, stair_id)
            continue
        for i in range(one_start[g], one_start[g + 1]):
            ia, ib, i_n = one[0, i], one[1, i], one[2, i]
            a = ia + ta
            b = ib + tb
            n = i_n + tn + paired * (ia * tb + ta * ib)
            if goal >= 0:
                n = a if goal == ARRIVING else n
                a = 0.0
                b = 0.0
            _value(a, b, n, box, worth)
            found = _find_dominating(worth, slack, flat, stairs, height)
            if found >= 0:
                if not flat:
                    _advance(found, stairs, stair_id)
                continue
            for j in range(two_start[h], two_start[h + 1]):
                a = ia + two[0, j]
                b = ib + two[1, j]
                n = i_n + two[2, j] + paired * (ia * two[1, j] + two[0, j] * ib)
                if goal >= 0:
                    n = a if goal == ARRIVING else n
                    a = 0.0
                    b = 0.0
                _value(a, b, n, box, worth)
                found = _find_dominating(worth, slack, flat, stairs, height)
                if found >= 0:
                    if not flat:
                        _advance(found, stairs, stair_id)
                    continue
                if kept >= most:
                    return np.empty(0, np.int64), np.empty((3, 0)), from_one[:0].copy(), from_two[:0].copy()
                if kept == room:
                    room *= 2
                    costs = _grow(costs, room)
                    kept_a = _grow(kept_a, room)
                    kept_b = _grow(kept_b, room)
                    kept_n = _grow(kept_n, room)
                    from_one = _grow(from_one, room)
                    from_two = _grow(from_two, room)
                    alive = _grow(alive, room)
                if height == stair_id.size:
                    stair_id = _grow(stair_id, 2 * height)
                    wider = np.empty((4, 2 * height))
                    wider[:, :height] = stairs
                    stairs = wider
                costs[kept] = cost
                kept_a[kept] = a
                kept_b[kept] = b
                kept_n[kept] = n
                from_one[kept] = i
                from_two[kept] = j
                alive[kept] = True
                height = _insert(worth, kept, flat, stairs, stair_id, height, alive, costs, cost)
                kept += 1

    left = 0
    for k in range(kept):
        if alive[k]:
            left += 1
    out_cost = np.empty(left, np.int64)
    out = np.empty((3, left))
    out_one = np.empty(left, np.int32)
    out_two = np.empty(left, np.int32)
    left = 0
    for k in range(kept):
        if alive[k]:
            out_cost[left] = costs[k]
            out[0, left] = kept_a[k]
            out[1, left] = kept_b[k]
            out[2, left] = kept_n[k]
            out_one[left] = from_one[k]
            out_two[left] = from_two[k]
            left += 1
    return out_cost, out, out_one, out_two
