"""Turns: who waits is never passed by more than one question of each other user."""

import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.fair_queue import FairQueue, Full


def filled(users: str, length: int = 100, per_user: int = 100) -> FairQueue[str]:
    """Return a queue into which each letter put its next item: a0, a1, ..."""
    queue: FairQueue[str] = FairQueue(length, per_user)
    for place, user in enumerate(users):
        queue.put(user, f"{user}{users[:place].count(user)}")
    return queue


def test_users_take_turns_and_keep_their_own_order():
    queue = filled("aaabcc")
    assert queue.order() == ["a0", "b0", "c0", "a1", "c1", "a2"]
    assert [queue.get() for _ in range(6)] == ["a0", "b0", "c0", "a1", "c1", "a2"]


def test_who_comes_later_waits_for_one_of_each_other_user():
    queue = filled("aaaa")
    assert queue.get() == "a0"
    queue.put("b", "b0")
    assert queue.order() == ["a1", "b0", "a2", "a3"]


def test_there_is_room_for_so_many_and_so_many_of_one_user():
    queue = filled("aab", length=3, per_user=2)
    with pytest.raises(Full) as own:
        queue.put("a", "a2")
    with pytest.raises(Full) as others:
        queue.put("c", "c0")
    assert (own.value.crowded, others.value.crowded) == (False, True)
    queue.get()
    queue.put("c", "c0")
    assert len(queue) == 3


def test_what_is_taken_out_is_not_given():
    queue = filled("aabc")
    assert queue.remove("b0") and not queue.remove("b0")
    assert [queue.get() for _ in range(3)] == ["a0", "c0", "a1"]


def test_one_who_waits_is_woken_by_an_item_and_by_the_end():
    queue: FairQueue[str] = FairQueue(1, 1)
    got = []
    thread = threading.Thread(target=lambda: got.extend([queue.get(), queue.get()]))
    thread.start()
    queue.put("a", "a0")
    queue.close()
    thread.join(5)
    assert not thread.is_alive() and got[0] in ("a0", None) and got[1] is None


@given(st.text("abcd", min_size=1, max_size=40), st.integers(0, 20))
def test_the_order_foretold_is_the_order_kept(users, taken):
    queue = filled(users)
    for _ in range(min(taken, len(users))):
        queue.get()
    foretold = queue.order()
    assert len(foretold) == len(queue) == max(0, len(users) - taken)
    assert [queue.get() for _ in foretold] == foretold
    for user in "abcd":
        mine = [item for item in foretold if item[0] == user]
        assert mine == sorted(mine, key=lambda item: int(item[1:]))
    for first, second in pairwise(foretold):
        if first[0] == second[0]:  # Twice in a row only where nobody else waits.
            assert {item[0] for item in foretold[foretold.index(first) :]} == {first[0]}
