-- The ground every other migration stands on: schemas, what a transaction may see, how codes print.
--
-- Three database roles exist before this runs (`maplebridge migrate` makes them under an advisory lock):
--   maplebridge_owner  owns everything and migrates
--   maplebridge_app    serves requests; no owner, no superuser, no BYPASSRLS
--   maplebridge_feed   fills the read model; reads every row through policies of its own, writes nothing

create schema app;
comment on schema app is 'Functions that policies and triggers use';
create schema feed;
comment on schema feed is 'The change feed: what was changed, for the read models to follow';

grant usage on schema app to maplebridge_app, maplebridge_feed;
grant usage on schema feed to maplebridge_feed;
revoke create on schema public from public;
grant usage on schema public to maplebridge_app, maplebridge_feed;

-- What the current transaction may touch, by right. A request sets `maplebridge.scopes` (for its transaction only)
-- to a JSON object of right -> int8multirange of 15-digit codes. Unset means nothing at all.
create function app.allowed(wanted text) returns int8multirange
  language sql stable parallel safe
  return coalesce(
    (nullif(current_setting('maplebridge.scopes', true), '')::jsonb ->> wanted)::int8multirange,
    '{}'::int8multirange
  );
comment on function app.allowed is 'Ranges of 15-digit codes in which this transaction holds the given right; empty where unset';

-- 990321 from (990321000000000, 6).
create function app.code_text(code_lo bigint, level smallint) returns text
  language sql immutable strict parallel safe
  return lpad((code_lo / (10::numeric ^ (15 - level))::bigint)::text, level, '0');
comment on function app.code_text is 'The digits of an area or cell code of the given level';

-- The setting as a number, or the default written beside its use.
create table settings (
  key text primary key,
  value jsonb not null,
  note_zh text not null,
  note_en text not null
);
comment on table settings is 'One row a setting that an administrator may change';
comment on column settings.key is 'Name with its unit at the end: overlap_min_area_m2';
comment on column settings.value is 'JSON value, in the unit the key names';
comment on column settings.note_zh is 'What it does, Chinese';
comment on column settings.note_en is 'What it does, English';
grant select, insert, update on settings to maplebridge_app;
grant select on settings to maplebridge_feed;

insert into settings (key, value, note_zh, note_en) values
  ('overlap_min_area_m2', '1', '两个网格共有的面积超过它才算重叠', 'A common interior above this counts as an overlap'),
  ('overlap_min_width_m', '0.05', '共有部分的平均宽度超过它才算重叠', 'Mean width of the common part above which it counts as an overlap'),
  ('cell_min_households', '300', '一个网格的户数下限', 'Fewest households a cell should hold'),
  ('cell_max_households', '500', '一个网格的户数上限', 'Most households a cell should hold'),
  ('map_approval_no', '""', '公开地图的审图号', 'Approval number of public maps'),
  ('map_attribution', '""', '地图署名', 'Attribution line of the map'),
  ('safe_place_min_addresses', '8', '一个安全点至少代表的地址数', 'Fewest addresses one safe place stands for'),
  ('safe_place_seed', '20160301', '安全点分组的种子', 'Seed of the grouping of addresses into safe places');

create function app.setting_number(wanted text, otherwise double precision) returns double precision
  language sql stable parallel safe security definer set search_path = pg_catalog, pg_temp
  return coalesce((select (s.value #>> '{}')::double precision from public.settings s where s.key = wanted), otherwise);
comment on function app.setting_number is 'A numeric setting, or the given default';
