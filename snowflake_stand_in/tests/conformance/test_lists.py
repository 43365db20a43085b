"""The lists belong together."""

import re
from collections import Counter
from pathlib import Path

from conformance.differences import DIFFERENCES
from conformance.topics import BEHAVIOURS

NAMES = [behaviour.name for behaviour in BEHAVIOURS] + [
    name
    for file in Path(__file__).parent.glob("test_*.py")
    for name in re.findall(r'^@documented\(\s*"([\w-]+)"', file.read_text(), re.M)
]


def test_each_behaviour_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(NAMES).items() if count > 1] == []


def test_each_listed_difference_is_tried() -> None:
    assert set(DIFFERENCES) <= set(NAMES)


def test_what_differs_silently_says_which_rule_keeps_it_out() -> None:
    assert [name for name, d in DIFFERENCES.items() if d.is_silent and not d.rule] == []
