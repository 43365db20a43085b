"""The form of a run: what a user may choose, and what holds without a choice."""

from airflow.sdk import Param

# What the form offers; the API takes any name
EVENT_TYPES = (
    "CommitCommentEvent",
    "CreateEvent",
    "DeleteEvent",
    "DiscussionEvent",
    "DownloadEvent",
    "FollowEvent",
    "ForkEvent",
    "GistEvent",
    "GollumEvent",
    "IssueCommentEvent",
    "IssuesEvent",
    "MemberEvent",
    "PublicEvent",
    "PullRequestEvent",
    "PullRequestReviewCommentEvent",
    "PullRequestReviewEvent",
    "PushEvent",
    "ReleaseEvent",
    "WatchEvent",
)
ALS_PARAMETERS = ("rank", "reg_param", "max_iter", "alpha")

PARAMS = {
    "day": Param(
        None,
        type=["null", "string"],
        format="date",
        title="Day",
        description="The UTC day to process. Empty: the logical date's day, but never one that "
        "isn't over. Leave it empty in a backfill.",
    ),
    "hours": Param(
        "0-23",
        type="string",
        title="Hours",
        description="The file hours of that day, 0 to 23 (UTC): 12, 14-17 or 0,6,12-14",
    ),
    "event_types": Param(
        None,
        type=["null", "array"],
        items={"type": "string", "pattern": "Event$"},
        examples=list(EVENT_TYPES),
        title="Event types",
        description="The event types to keep. Empty: all but GollumEvent, MemberEvent, "
        "GistEvent and DownloadEvent.",
    ),
    "rank": Param(
        16, type="integer", minimum=1, title="ALS rank", description="Number of latent factors"
    ),
    "reg_param": Param(
        0.05, type="number", minimum=0, title="ALS regParam", description="Regularisation"
    ),
    "max_iter": Param(10, type="integer", minimum=1, title="ALS maxIter", description="Iterations"),
    "alpha": Param(
        5.0,
        type="number",
        minimum=0,
        title="ALS alpha",
        description="Confidence that an event adds to its user and repository",
    ),
}
