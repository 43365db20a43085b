{{ current_names(
    ref('name_years'),
    entity='organisation',
    prefix='org',
    name='org_login',
) }}
