-- Disputes, their safe places, and the sealed true places.

create table units (
  id bigint generated always as identity primary key,
  scope_code bigint not null,
  name_zh text not null check (length(name_zh) between 1 and 80),
  name_en text not null default '',
  facility_id bigint
);
comment on table units is 'One row an office that handles cases';
comment on column units.id is 'Key of the row';
comment on column units.scope_code is 'Smallest area that holds it';
comment on column units.name_zh is 'Name in Chinese';
comment on column units.name_en is 'Name in English';
comment on column units.facility_id is 'Facility it sits in';

create table incidents (
  id bigint generated always as identity primary key,
  case_no text check (length(case_no) <= 60),
  category text not null references incident_categories,
  source text not null,
  state text not null default 'registered',
  occurred_on date not null,
  discovered_on date not null,
  due_on date,
  closed_on date,
  parties_count integer not null default 2 check (parties_count between 1 and 100000),
  parties_kind text not null default 'person',
  complexity text not null default 'ordinary',
  risk_level text not null default 'blue',
  summary text not null default '' check (length(summary) <= 400),
  unit_id bigint references units,
  scope_code bigint not null,
  safe_place_id bigint references safe_places,
  escalated boolean not null default false,
  origin text not null default '',
  origin_key text,
  job_id text,
  version integer not null default 1,
  constraint incidents_dates check (discovered_on >= occurred_on and (closed_on is null or closed_on >= discovered_on))
);
comment on table incidents is 'One row a dispute (矛盾纠纷); no party is named, the true place is sealed elsewhere';
comment on column incidents.id is 'Key of the row, in API, feed and tiles';
comment on column incidents.case_no is 'Number of the case at its office';
comment on column incidents.category is 'Kind of dispute';
comment on column incidents.source is 'How it was found or arrived';
comment on column incidents.state is 'Where it stands';
comment on column incidents.occurred_on is 'Civil day on which it happened; the cell is that of this day';
comment on column incidents.discovered_on is 'Civil day on which it was found';
comment on column incidents.due_on is 'Civil day by which it should be settled';
comment on column incidents.closed_on is 'Civil day on which it was settled';
comment on column incidents.parties_count is 'Number of parties';
comment on column incidents.parties_kind is 'person, organisation, group';
comment on column incidents.complexity is 'simple, ordinary, complex, hard';
comment on column incidents.risk_level is 'blue, yellow, orange, red';
comment on column incidents.summary is 'One clean sentence; the free-text gate has read it';
comment on column incidents.unit_id is 'Office that handles it';
comment on column incidents.scope_code is 'Its cell of the day, else the smallest area that holds it';
comment on column incidents.safe_place_id is 'Where it is shown; kept for good; null: in no village, not on the map';
comment on column incidents.escalated is 'Raised to a higher level';
comment on column incidents.origin is 'Name of the source an import gave; empty: made by hand';
comment on column incidents.origin_key is 'Key of the row within its source';
comment on column incidents.job_id is 'Job that inserted the row';
comment on column incidents.version is 'Counts edits, for If-Match';
create unique index incidents_origin on incidents (origin, origin_key);
create index incidents_scope on incidents (scope_code, occurred_on);
create index incidents_unit on incidents (unit_id) where unit_id is not null;
create trigger incidents_version before update on incidents for each row execute function app.count_version();

create table incident_events (
  id bigint generated always as identity primary key,
  incident_id bigint not null references incidents on delete cascade,
  scope_code bigint not null,
  unit_id bigint,
  from_state text,
  to_state text not null,
  actor_id bigint,
  at timestamptz not null,
  reason text not null default '' check (length(reason) <= 400)
);
comment on table incident_events is 'One row a step of a case';
comment on column incident_events.id is 'Key of the row';
comment on column incident_events.incident_id is 'The case';
comment on column incident_events.scope_code is 'As the case';
comment on column incident_events.unit_id is 'As the case';
comment on column incident_events.from_state is 'State before; null: made';
comment on column incident_events.to_state is 'State after';
comment on column incident_events.actor_id is 'User who made the step; null: an import';
comment on column incident_events.at is 'Instant of the step, UTC';
comment on column incident_events.reason is 'Reason given; the free-text gate has read it';
create index incident_events_incident on incident_events (incident_id);

create table incident_places (
  incident_id bigint primary key references incidents on delete cascade,
  scope_code bigint not null,
  geom geometry(Point, 4326) not null
);
comment on table incident_places is 'The sealed true place of a case; nobody selects from it, app.open_place is the one door';
comment on column incident_places.incident_id is 'The case';
comment on column incident_places.scope_code is 'As the case';
comment on column incident_places.geom is 'True place, WGS 84 longitude/latitude on the 1e-7 degree grid';

create table published_table (
  id bigint generated always as identity primary key,
  scope_code bigint not null,
  area_lo bigint not null,
  level smallint not null check (level in (9, 12, 15)),
  month_on date not null check (extract(day from month_on) = 1),
  category_group text not null,
  outcome text not null check (outcome in ('shown', 'primary', 'complementary')),
  incident_count integer check (incident_count >= 0),
  threshold integer not null,
  published_at timestamptz not null,
  constraint published_table_once unique (area_lo, level, month_on, category_group, threshold),
  constraint published_table_withholds check ((outcome = 'shown') = (incident_count is not null))
);
comment on table published_table is 'One row an entry of the published cube, made once after the end of its month and frozen';
comment on column published_table.id is 'Key of the row';
comment on column published_table.scope_code is 'The area it speaks of';
comment on column published_table.area_lo is 'The area on the 15-digit scale';
comment on column published_table.level is '9 township, 12 village, 15 cell';
comment on column published_table.month_on is 'First day of the civil month';
comment on column published_table.category_group is 'Group of categories';
comment on column published_table.outcome is 'shown; primary: fewer than the threshold; complementary: withheld to protect another';
comment on column published_table.incident_count is 'Number of incidents; null where withheld';
comment on column published_table.threshold is 'k that was in force';
comment on column published_table.published_at is 'Instant of publication, UTC';
