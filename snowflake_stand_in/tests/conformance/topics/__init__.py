"""The behaviours that are statements and their result, by topic."""

from conformance.topics import (
    aggregates,
    arrays,
    coercions,
    dialects,
    encodings,
    joins,
    numbers,
    parameters,
    queries,
    refused,
    regular_expressions,
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
        encodings,
        regular_expressions,
        times,
        time_texts,
        time_functions,
        zones,
        parameters,
        semi_structured,
        arrays,
        aggregates,
        queries,
        joins,
        coercions,
        types,
        tables,
        writes,
        streams,
        sessions,
        refused,
        dialects,
    )
    for behaviour in topic.BEHAVIOURS
]
