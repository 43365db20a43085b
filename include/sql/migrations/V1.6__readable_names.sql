-- Tables and columns of older deployments get the names that the models have now, with their rows
-- and watermarks, so that dbt goes on where it was. Where dbt hasn't run yet there are none.
{% for old, new in (
    ('silver.name_days', 'silver.daily_names'),
    ('silver.name_months', 'silver.monthly_names'),
    ('silver.name_years', 'silver.yearly_names'),
    ('gold.thread_days', 'gold.daily_issues_and_pull_requests'),
    ('gold.thread_months', 'gold.monthly_issues_and_pull_requests'),
    ('gold.thread_years', 'gold.yearly_issues_and_pull_requests'),
    ('gold.threads', 'gold.issues_and_pull_requests'),
) %}
alter table if exists {{ database }}.{{ old }} rename to {{ database }}.{{ new }};

update {{ database }}.ledger.model_watermarks
set model = '{{ new.split(".")[1] }}'
where model = '{{ old.split(".")[1] }}';
{% endfor %}
{% for table in ('silver.event_rows', 'silver.events') %}{% for old, new in (
    ('thread_number', 'number'),
    ('thread_author_key', 'author_key'),
    ('thread_title', 'title'),
    ('thread_created_at', 'opened_at'),
    ('is_thread_author_bot', 'is_author_bot'),
) %}
alter table if exists {{ database }}.{{ table }} rename column {{ old }} to {{ new }};
{% endfor %}{% endfor %}
{% for period in ('daily', 'monthly', 'yearly') %}
alter table if exists {{ database }}.gold.{{ period }}_issues_and_pull_requests
rename column thread_number to number;
{% endfor %}
alter table if exists {{ database }}.gold.issues_and_pull_requests
rename column thread_number to number;

alter table if exists {{ database }}.gold.issues_and_pull_requests
rename column thread_state to state;
