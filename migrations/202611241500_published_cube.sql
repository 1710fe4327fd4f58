-- The published cube: one table a township, month and audience, made once and frozen.

alter table published_table add column audience text not null default 'k5' check (audience in ('k3', 'k5', 'k10'));
alter table published_table alter column audience drop default;
alter table published_table drop constraint published_table_once;
alter table published_table add constraint published_table_once unique (area_lo, level, month_on, category_group, audience);
comment on column published_table.audience is 'Whom it is told: k3 staff in their own area, k5 other areas, officials and planners, k10 the public';
comment on column published_table.category_group is 'Group of categories; ordinary: all groups without a sensitive kind';
comment on column published_table.threshold is 'k that was in force for this number; 10 where the kind is sensitive';
comment on table published_table is
  'One row an entry of the published cube, frozen. Entries of cells that are below their threshold, nine in ten of all, have no row: in a published month an entry without a row is withheld';

create table publications (
  id bigint generated always as identity primary key,
  township_lo bigint not null check (township_lo % 1000000 = 0),
  month_on date not null check (extract(day from month_on) = 1),
  published_at timestamptz not null,
  job_id text,
  shown_count integer not null check (shown_count >= 0),
  withheld_count integer not null check (withheld_count >= 0),
  xid xid8 not null default pg_current_xact_id(),
  scope_code bigint not null generated always as (township_lo) stored,
  constraint publications_once unique (township_lo, month_on)
);
comment on table publications is 'One row a township and month whose numbers were published; what is here is never published again';
comment on column publications.id is 'Key of the row';
comment on column publications.township_lo is 'The township on the 15-digit scale';
comment on column publications.month_on is 'First day of the civil month';
comment on column publications.published_at is 'Instant of publication, UTC';
comment on column publications.job_id is 'Job that published it';
comment on column publications.shown_count is 'Entries shown, over all audiences';
comment on column publications.withheld_count is 'Entries withheld, over all audiences, those of cells without a row included';
comment on column publications.xid is 'Transaction that published it; rows of the cube are taken in this one only';
comment on column publications.scope_code is 'The township';

alter table publications enable row level security;
alter table publications force row level security;
create policy owner_all on publications to maplebridge_owner using (true) with check (true);
grant select, insert on publications to maplebridge_app;
create policy publications_read on publications for select to maplebridge_app
  using (scope_code <@ (select app.allowed('publish')) or int8range(township_lo, township_lo + 1000000) && (select app.allowed('published')));
create policy publications_insert on publications for insert to maplebridge_app with check (scope_code <@ (select app.allowed('publish')));

-- What is told to staff in their own area is read there only.
drop policy published_read on published_table;
create policy published_read on published_table for select to maplebridge_app
  using (scope_code <@ (select app.allowed('published')) and (audience <> 'k3' or scope_code <@ (select app.allowed('published_k3'))));
create policy feed_reads on published_table for select to maplebridge_feed using (true);
grant select on published_table to maplebridge_feed;

-- Frozen, for the owner of the tables too.
create function app.refuse_change() returns trigger
  language plpgsql set search_path = public, pg_catalog, pg_temp as $$
begin
  perform app.refuse('published_frozen', 'a published month is never changed and never taken back', null);
  return null;
end $$;
comment on function app.refuse_change is 'Refuses to change or delete what was published';
create trigger published_table_frozen before update or delete or truncate on published_table for each statement execute function app.refuse_change();
create trigger publications_frozen before update or delete or truncate on publications for each statement execute function app.refuse_change();

create function app.check_published() returns trigger
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  late record;
begin
  select n.area_lo, n.level, n.month_on into late from new_t n
   where not exists (select 1 from publications p
                      where p.township_lo = n.area_lo - n.area_lo % 1000000 and p.month_on = n.month_on and p.xid = pg_current_xact_id())
   limit 1;
  if found then
    perform app.refuse('published_frozen',
      format('%s of area %s was published before, or is not being published now', to_char(late.month_on, 'YYYY-MM'), app.code_text(late.area_lo, late.level)), null);
  end if;
  return null;
end $$;
comment on function app.check_published is 'Takes rows of the cube in the transaction of their publication only';
create trigger published_table_check after insert on published_table
  referencing new table as new_t for each statement execute function app.check_published();

-- The publisher counts cases without being able to read one. A merged case counts as the one it was merged into.
create function app.count_incidents(lo bigint, hi bigint, from_on date, to_on date)
  returns table (month_on date, scope_code bigint, category_group text, incident_count bigint)
  language plpgsql stable security definer set search_path = public, pg_catalog, pg_temp as $$
begin
  if not int8range(lo, hi) <@ app.allowed('publish') then
    raise exception using errcode = '42501', message = 'the area lies outside the one in which you may publish';
  end if;
  return query
    select date_trunc('month', i.occurred_on)::date, i.scope_code, c.category_group, count(*)
      from incidents i join incident_categories c on c.code = i.category
     where i.scope_code >= lo and i.scope_code < hi and i.occurred_on >= from_on and i.occurred_on < to_on
       and i.state not in ('draft', 'merged')
     group by 1, 2, 3;
end $$;
comment on function app.count_incidents is 'Numbers of cases by month, place and group of kinds, for the publisher alone';
revoke execute on function app.count_incidents from public;
grant execute on function app.count_incidents to maplebridge_app;

create function app.first_incidents() returns table (township_lo bigint, first_on date)
  language sql stable security definer set search_path = public, pg_catalog, pg_temp
  begin atomic
    select i.scope_code - i.scope_code % 1000000, min(i.occurred_on)
      from public.incidents i
     where i.scope_code <@ (select app.allowed('publish')) and i.scope_code % 1000000000 >= 1000000
     group by 1;
  end;
comment on function app.first_incidents is 'The townships with cases and the first day of one, for the publisher alone';
revoke execute on function app.first_incidents from public;
grant execute on function app.first_incidents to maplebridge_app;

create trigger feed_i after insert on published_table referencing new table as new_t for each statement execute function feed.note(7);
create trigger feed_t after truncate on published_table for each statement execute function feed.note(7);
alter table published_table enable always trigger feed_i;
alter table published_table enable always trigger feed_t;
comment on column feed.change.layer is '1 areas, 2 cells, 3 households, 4 facilities, 5 incidents, 6 base map, 7 published numbers, 10 accounts';

insert into settings (key, value, note_zh, note_en) values
  ('publish_after_days', '5', '月份结束多少天后发布该月数字', 'Days after the end of a month at which its numbers are published');
