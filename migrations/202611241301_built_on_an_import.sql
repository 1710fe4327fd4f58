-- An import is taken back only while nothing is built on it. Whoever imports may not see cases, so the question is
-- answered here, for all rows, and of cases only whether there are any.

create function app.built_on(job text) returns table (what text, found bigint, jobs text)
  language plpgsql stable security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  of_noun text := (select j.noun from jobs j where j.id = job and j.scope_code <@ app.allowed('imports'));
begin
  if of_noun = 'areas' then
    return query select 'areas_changed', count(*), null::text from areas a where a.job_id = job and a.version > 1;
    return query select 'areas_inside', count(*), string_agg(distinct o.job_id, ' ') from areas o where o.job_id is distinct from job
      and exists (select 1 from areas a where a.job_id = job and a.code_lo <= o.code_lo and o.code_lo < a.code_hi);
    return query select 'cells_inside', count(*), string_agg(distinct c.job_id, ' ') from cells c
      where exists (select 1 from areas a where a.job_id = job and a.code_lo <= c.code and c.code < a.code_hi);
    return query select 'addresses_inside', count(*), string_agg(distinct h.job_id, ' ') from households h
      where exists (select 1 from areas a where a.job_id = job and a.code_lo <= h.scope_code and h.scope_code < a.code_hi);
    return query select 'facilities_inside', count(*), string_agg(distinct f.job_id, ' ') from facilities f
      where exists (select 1 from areas a where a.job_id = job and a.code_lo <= f.scope_code and f.scope_code < a.code_hi);
    return query select 'cases_inside', 1::bigint, string_agg(distinct i.job_id, ' ') from incidents i
      where exists (select 1 from areas a where a.job_id = job and a.code_lo <= i.scope_code and i.scope_code < a.code_hi) having count(*) > 0;
  elsif of_noun = 'cells' then
    return query select 'cells_changed', count(*), null::text from cells c where c.job_id = job and (c.valid_to is not null or c.version > 1);
    return query select 'addresses_inside', count(*), string_agg(distinct h.job_id, ' ') from households h where exists (select 1 from cells c where c.job_id = job and c.code = h.scope_code);
    return query select 'facilities_inside', count(*), string_agg(distinct f.job_id, ' ') from facilities f where exists (select 1 from cells c where c.job_id = job and c.code = f.scope_code);
    return query select 'cases_inside', 1::bigint, string_agg(distinct i.job_id, ' ') from incidents i
      where exists (select 1 from cells c where c.job_id = job and c.code = i.scope_code) having count(*) > 0;
  elsif of_noun = 'households' then
    return query select 'addresses_changed', count(*), null::text from households h where h.job_id = job and (h.valid_to is not null or h.version > 1);
    return query select 'cases_shown', 1::bigint, string_agg(distinct i.job_id, ' ') from incidents i
      where i.safe_place_id in (select h.safe_place_id from households h where h.job_id = job) having count(*) > 0;
  elsif of_noun = 'facilities' then
    return query select 'facilities_changed', count(*), null::text from facilities f where f.job_id = job and (f.valid_to is not null or f.version > 1);
    return query select 'offices_inside', count(*), null::text from units u where u.facility_id in (select f.facility_id from facilities f where f.job_id = job);
  else
    return query select 'cases_changed', 1::bigint, null::text where exists (select 1 from incidents i where i.job_id = job and i.version > 1);
  end if;
end $$;
comment on function app.built_on is 'What leans on the rows of an import, how many, and the imports that brought it; of cases only 1 where there are any';
revoke execute on function app.built_on from public;
grant execute on function app.built_on to maplebridge_app;
