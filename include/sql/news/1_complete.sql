insert into ledger.completed_runs (load_seq, project, parameters, completed_at)
select
    $load_seq,
    %(project)s,
    %(parameters)s,
    sysdate()
