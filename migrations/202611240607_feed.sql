-- The change feed: one row a writing statement. The follower steps from snapshot to snapshot (src/read_model).

create table feed.change (
  xid xid8 not null default pg_current_xact_id(),
  layer smallint not null,
  ids bigint[]
);
comment on table feed.change is 'One row a statement that changed rows of a layer';
comment on column feed.change.xid is 'Transaction that made the change';
comment on column feed.change.layer is '1 areas, 2 cells, 3 households, 4 facilities, 5 incidents, 6 base map, 10 accounts';
comment on column feed.change.ids is 'Keys of the rows changed; null: the whole layer, more than 100,000 rows';
create index change_xid on feed.change (xid);

create table feed.floor (xid xid8 not null);
comment on table feed.floor is 'One row: everything below this transaction is pruned';
comment on column feed.floor.xid is 'Lowest transaction whose changes are all kept';
insert into feed.floor values (pg_snapshot_xmin(pg_current_snapshot()));

create table feed.mark (
  at timestamptz not null default clock_timestamp(),
  horizon xid8 not null
);
comment on table feed.mark is 'One row a minute: how far changes could be pruned if it were old enough';
comment on column feed.mark.at is 'Instant of the mark, UTC';
comment on column feed.mark.horizon is 'Oldest transaction running then';

grant select on feed.change, feed.floor, feed.mark to maplebridge_feed;

create function feed.note() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  changed bigint[];
begin
  if tg_op = 'INSERT' then
    select array_agg(id) into changed from (select id from new_t limit 100001) q;
  elsif tg_op = 'DELETE' then
    select array_agg(id) into changed from (select id from old_t limit 100001) q;
  elsif tg_op = 'UPDATE' then
    select array_agg(id) into changed from (select id from new_t union select id from old_t limit 100001) q;
  end if;
  if changed is null and tg_op <> 'TRUNCATE' then
    return null; -- statement triggers fire on zero rows too
  end if;
  insert into feed.change (layer, ids)
  values (tg_argv[0]::smallint, case when cardinality(changed) <= 100000 then changed end);
  return null;
end $$;
comment on function feed.note is 'Notes the rows a statement changed';

do $$
declare
  layer record;
begin
  for layer in
    select * from (values ('areas', 1), ('cells', 2), ('households', 3), ('facilities', 4), ('incidents', 5),
                          ('basemap_features', 6), ('users', 10), ('grants', 10), ('api_tokens', 10)) as l (table_name, number)
  loop
    execute format('create trigger feed_i after insert on public.%I referencing new table as new_t for each statement execute function feed.note(%s)', layer.table_name, layer.number);
    execute format('create trigger feed_u after update on public.%I referencing new table as new_t old table as old_t for each statement execute function feed.note(%s)', layer.table_name, layer.number);
    execute format('create trigger feed_d after delete on public.%I referencing old table as old_t for each statement execute function feed.note(%s)', layer.table_name, layer.number);
    execute format('create trigger feed_t after truncate on public.%I for each statement execute function feed.note(%s)', layer.table_name, layer.number);
    execute format('alter table public.%I enable always trigger feed_i', layer.table_name);
    execute format('alter table public.%I enable always trigger feed_u', layer.table_name);
    execute format('alter table public.%I enable always trigger feed_d', layer.table_name);
    execute format('alter table public.%I enable always trigger feed_t', layer.table_name);
  end loop;
end $$;

-- Notes how far could be pruned, and prunes what every follower has had `keep` to read.
create function feed.prune(keep interval) returns bigint
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  horizon_then xid8;
  gone bigint;
begin
  insert into feed.mark (horizon) values (pg_snapshot_xmin(pg_current_snapshot()));
  select m.horizon into horizon_then from feed.mark m where m.at < clock_timestamp() - keep order by m.at desc limit 1;
  if horizon_then is null then
    return 0;
  end if;
  update feed.floor f set xid = greatest(f.xid, horizon_then);
  delete from feed.change c where c.xid < horizon_then;
  get diagnostics gone = row_count;
  delete from feed.mark m where m.at < clock_timestamp() - 2 * keep;
  return gone;
end $$;
comment on function feed.prune is 'Deletes changes older than keep; a follower behind the floor reloads';
revoke execute on function feed.prune from public;
grant execute on function feed.prune to maplebridge_feed;

-- After a restore the numbers of transactions are those of another cluster: what lies ahead of ours never happened here.
create function feed.settle() returns bigint
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  ahead xid8 := pg_snapshot_xmax(pg_current_snapshot());
  gone bigint;
begin
  delete from feed.change where xid >= ahead;
  get diagnostics gone = row_count;
  update feed.floor set xid = ahead where xid > ahead;
  delete from feed.mark where horizon > ahead;
  return gone;
end $$;
comment on function feed.settle is 'Drops changes that bear numbers of another cluster; run at start';
revoke execute on function feed.settle from public;
grant execute on function feed.settle to maplebridge_feed;
