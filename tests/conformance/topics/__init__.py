"""The behaviours that are statements and their result, by topic."""

from tests.conformance.topics import (
    numbers,
    queries,
    semi_structured,
    sessions,
    tables,
    texts,
    times,
    writes,
)

BEHAVIOURS = [
    behaviour
    for topic in (numbers, texts, times, semi_structured, queries, tables, writes, sessions)
    for behaviour in topic.BEHAVIOURS
]
