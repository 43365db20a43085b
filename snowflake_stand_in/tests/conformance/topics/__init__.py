"""The behaviours that are statements and their result, by topic."""

from conformance.topics import (
    numbers,
    queries,
    semi_structured,
    sessions,
    streams,
    tables,
    texts,
    times,
    types,
    writes,
)

BEHAVIOURS = [
    behaviour
    for topic in (
        numbers,
        texts,
        times,
        semi_structured,
        queries,
        types,
        tables,
        writes,
        streams,
        sessions,
    )
    for behaviour in topic.BEHAVIOURS
]
