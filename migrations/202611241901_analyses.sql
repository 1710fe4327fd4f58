-- Answers of analyses: what was asked, of which data, as whom the reader is told, and the rows.

create table analyses (
  id bigint generated always as identity primary key,
  analysis text not null check (analysis ~ '^[a-z_]{1,40}$'),
  version integer not null check (version > 0),
  params jsonb not null,
  of_cases boolean not null,
  told_as text not null check (of_cases = (told_as = 'cases')),
  data_revision text not null,
  scope_code bigint not null,
  area_level smallint not null check (area_level in (2, 4, 6, 9, 12, 15)),
  state text not null check (state in ('running', 'done', 'failed', 'cancelled')),
  step text not null default '',
  asked_by bigint,
  made_at timestamptz not null,
  ended_at timestamptz,
  heartbeat_at timestamptz not null,
  cancel_asked boolean not null default false,
  row_count integer not null default 0 check (row_count >= 0),
  legend jsonb,
  message text
);
comment on table analyses is 'One row an answer of an analysis, kept until newer ones push it out';
comment on column analyses.id is 'Key of the row';
comment on column analyses.analysis is 'Which analysis: hot_spots, rates, …';
comment on column analyses.version is 'Version of its formula; an answer of an older one is stale';
comment on column analyses.params is 'Parameters with nothing left open: area, level, days and the rest';
comment on column analyses.of_cases is 'True: of true numbers, told where each case may be opened; false: of published numbers alone';
comment on column analyses.told_as is 'cases, or a hash of the rights under which published numbers were told; the answer is given to equal rights only';
comment on column analyses.data_revision is 'Hash over every input; another hash today means that the answer is stale';
comment on column analyses.scope_code is 'The area asked about, on the 15-digit scale';
comment on column analyses.area_level is 'Digits of the code of that area';
comment on column analyses.state is 'running, done, failed, cancelled';
comment on column analyses.step is 'Step it is in: computing, writing, done';
comment on column analyses.asked_by is 'Account that asked';
comment on column analyses.made_at is 'Instant it was asked, UTC';
comment on column analyses.ended_at is 'Instant it ended, UTC';
comment on column analyses.heartbeat_at is 'Last sign of life of its worker, UTC';
comment on column analyses.cancel_asked is 'True: the worker shall stop';
comment on column analyses.row_count is 'Rows of the answer';
comment on column analyses.legend is 'What the classes mean, in one sentence Chinese and English, and the classes with their colours';
comment on column analyses.message is 'Why it failed';
create index analyses_same on analyses (analysis, data_revision, told_as);
create index analyses_scope on analyses (scope_code);

create table analysis_rows (
  analysis_id bigint not null references analyses on delete cascade,
  position integer not null check (position >= 0),
  scope_code bigint not null,
  of_cases boolean not null,
  area_lo bigint,
  area_level smallint check (area_level in (9, 12, 15)),
  class text not null,
  properties jsonb not null,
  geom geometry(MultiPolygon, 4326),
  primary key (analysis_id, position),
  constraint analysis_rows_place check ((area_lo is null) = (area_level is null) and (area_lo is null or geom is null))
);
comment on table analysis_rows is 'One row a place, cluster or band of an answer';
comment on column analysis_rows.analysis_id is 'The answer';
comment on column analysis_rows.position is 'Place in the answer, from 0';
comment on column analysis_rows.scope_code is 'The area asked about, as in the answer';
comment on column analysis_rows.of_cases is 'As in the answer';
comment on column analysis_rows.area_lo is 'The place on the 15-digit scale; null: the row has a shape of its own';
comment on column analysis_rows.area_level is 'Digits of its code';
comment on column analysis_rows.class is 'Class: hot, too_few, above, …';
comment on column analysis_rows.properties is 'Numbers of the row; a unit stands in the key';
comment on column analysis_rows.geom is 'WGS 84 degrees: hull of a cluster grown by half its distance, or a band of density; never the point of a case';

do $$
declare
  t text;
begin
  foreach t in array array['analyses', 'analysis_rows']
  loop
    execute format('alter table public.%I enable row level security', t);
    execute format('alter table public.%I force row level security', t);
    execute format('create policy owner_all on public.%I to maplebridge_owner using (true) with check (true)', t);
    execute format('grant select, insert, update, delete on public.%I to maplebridge_app', t);
    execute format('create policy %I on public.%I to maplebridge_app
                      using (scope_code <@ (select app.allowed(''cases'')) or (not of_cases and scope_code <@ (select app.allowed(''published''))))
                      with check (scope_code <@ (select app.allowed(''cases'')) or (not of_cases and scope_code <@ (select app.allowed(''published''))))', t || '_all', t);
  end loop;
end $$;
