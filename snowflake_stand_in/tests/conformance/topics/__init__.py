"""The behaviours that are statements and their result, by topic."""

from conformance.topics import (
    numbers,
    parameters,
    queries,
    semi_structured,
    sessions,
    streams,
    tables,
    texts,
    time_functions,
    time_texts,
    times,
    types,
    writes,
    zones,
)

BEHAVIOURS = [
    behaviour
    for topic in (
        numbers,
        texts,
        times,
        time_texts,
        time_functions,
        zones,
        parameters,
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
