"""Pauses between tries to reach the broker."""

from edge.patience import LASTED_S, LONGEST_S, Patience


def _most(patience: Patience) -> float:
    return max(patience.pause_s() for _ in range(200))


def test_pauses_grow_also_when_each_connection_is_cut_at_once() -> None:
    for lets_in in (False, True):
        patience = Patience()
        longest = []
        for now in range(8):
            if lets_in:
                patience.connected(now)
            patience.ended(now + LASTED_S / 2)
            longest.append(_most(patience))
        assert longest[0] <= 1.0
        assert longest[2] > 2.0
        assert 10.0 < longest[-1] <= LONGEST_S


def test_after_one_that_lasted_it_is_tried_soon() -> None:
    patience = Patience()
    for now in range(8):
        patience.ended(now)
    patience.connected(10)
    patience.ended(10 + LASTED_S)
    assert _most(patience) <= 1.0


def test_who_was_refused_waits_longer() -> None:
    patience = Patience()
    patience.ended(0, refused=True)
    assert patience.pause_s() >= 5
