{# What is counted of events, and where that is said: here alone. #}

{% macro event_type_counts() %}
    {{ return({
        'push_count': 'PushEvent',
        'star_count': 'WatchEvent',
        'fork_count': 'ForkEvent',
        'create_count': 'CreateEvent',
        'delete_count': 'DeleteEvent',
        'issue_count': 'IssuesEvent',
        'issue_comment_count': 'IssueCommentEvent',
        'pull_request_count': 'PullRequestEvent',
        'review_count': 'PullRequestReviewEvent',
        'review_comment_count': 'PullRequestReviewCommentEvent',
        'commit_comment_count': 'CommitCommentEvent',
        'release_count': 'ReleaseEvent',
    }) }}
{% endmacro %}


{# Work on a repository, as against an interest in it. #}
{% macro is_contribution() -%}
    event_type in (
        'PushEvent', 'PullRequestEvent', 'PullRequestReviewEvent',
        'PullRequestReviewCommentEvent', 'IssuesEvent', 'IssueCommentEvent',
        'CommitCommentEvent'
    )
{%- endmacro %}


{% macro measures() %}
    {% set types = event_type_counts() %}
    {% set measures = {'event_count': 'true'} %}
    {% for measure, event_type in types.items() %}
        {% do measures.update({measure: "event_type = '" ~ event_type ~ "'"}) %}
    {% endfor %}
    {% do measures.update({
        'other_count':
            "event_type not in ('" ~ types.values() | join("', '") ~ "')",
        'merged_count': 'is_merged',
        'bot_event_count': 'is_bot',
        'contribution_count': is_contribution(),
    }) %}
    {{ return(measures) }}
{% endmacro %}


{# A table's contract says which measures it has; its SQL follows. #}
{% macro sums_of_measures(relation=none) -%}
    {%- for measure in model.columns if measure in measures() %}
    {%- set column = relation ~ '.' ~ measure if relation else measure %}
    cast(sum({{ column }}) as number(38, 0)) as {{ measure }},
    {%- endfor %}
{%- endmacro %}


{% macro ranked_measures() %}
    {{ return({
        'event_count': 'events',
        'star_count': 'stars',
        'contribution_count': 'contributions',
    }) }}
{% endmacro %}
