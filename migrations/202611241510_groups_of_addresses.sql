-- Groups of addresses keep their promise through every change: no two groups of any time share one to seven addresses,
-- none that takes new cases stands for fewer than eight.
--
--   * An address is in one group in its life: the one that it founded or joined. Once it is in another cell than its group,
--     because it moved or a border cut it off, it is in none any more. In no cell it stays: borders are drawn one after the
--     other, and between two of them lies nobody's land.
--   * A group is open while eight of its founders are in it. So any two moments of a group share at least these.
--   * A group that comes into another cell as a whole, its point included, goes on there.

alter table households add column safe_place_part text not null default 'none' check (safe_place_part in ('none', 'founder', 'joined', 'left'));
comment on column households.safe_place_part is 'none: never in a group; founder, joined: in it; left: was in it and is in none any more';
update households set safe_place_part = 'founder'
 where safe_place_id in (select s.id from safe_places s where s.kind = 'group');
create index households_safe_place on households (safe_place_id) where valid_to is null;
create index safe_places_geom on safe_places using gist (geom);

create function app.keep_group() returns trigger
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
begin
  new.safe_place_id := old.safe_place_id;
  if old.safe_place_part = 'left'
     or (new.scope_code % 1000 <> 0 and new.scope_code is distinct from (select s.cell_code from safe_places s where s.id = old.safe_place_id)) then
    new.safe_place_part := 'left';
  else
    new.safe_place_part := old.safe_place_part;
  end if;
  return new;
end $$;
comment on function app.keep_group is 'An address keeps the one group of its life, and is out of it where it is in another cell';
create trigger households_group before update on households for each row
  when (old.safe_place_part <> 'none' and (old.safe_place_id, old.safe_place_part, old.scope_code) is distinct from
        (new.safe_place_id, new.safe_place_part, new.scope_code))
  execute function app.keep_group();

create function app.recount_groups(groups bigint[]) returns void
  language sql volatile security definer set search_path = public, pg_catalog, pg_temp
  begin atomic
    update public.safe_places s set address_count = n.members, open = s.open and n.founders >= 8
      from (select g.id, count(h.id)::integer as members, count(h.id) filter (where h.safe_place_part = 'founder') as founders
              from public.safe_places g
              left join public.households h on h.safe_place_id = g.id and h.valid_to is null and h.safe_place_part in ('founder', 'joined')
             where g.id = any(groups) and g.kind = 'group' group by g.id) n
     where s.id = n.id and (s.address_count, s.open) is distinct from (n.members, s.open and n.founders >= 8);
  end;
comment on function app.recount_groups is 'Counts the addresses of groups; closes those of which fewer than eight founders are left';
revoke execute on function app.recount_groups from public;

create function app.count_groups() returns trigger
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  touched bigint[];
begin
  if tg_op = 'INSERT' then
    select array_agg(distinct n.safe_place_id) into touched from new_t n where n.safe_place_part <> 'none';
  elsif tg_op = 'DELETE' then
    select array_agg(distinct o.safe_place_id) into touched from old_t o where o.safe_place_part <> 'none';
  else
    select array_agg(distinct n.safe_place_id) into touched
      from new_t n join old_t o on o.id = n.id
     where (o.safe_place_id, o.safe_place_part, o.valid_to) is distinct from (n.safe_place_id, n.safe_place_part, n.valid_to);
  end if;
  if touched is not null then
    perform app.recount_groups(touched);
  end if;
  return null;
end $$;
comment on function app.count_groups is 'Counts the groups that a statement touched';
create trigger households_count_i after insert on households referencing new table as new_t for each statement execute function app.count_groups();
create trigger households_count_u after update on households referencing new table as new_t old table as old_t
  for each statement execute function app.count_groups();
create trigger households_count_d after delete on households referencing old table as old_t for each statement execute function app.count_groups();

-- A planner writes cells and no addresses; the addresses follow the cells all the same, and groups that move as a whole go with them.
create or replace function app.settle_rows(cell bigint, changed geometry, day date) returns bigint
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  moved bigint;
  more bigint;
begin
  if not cell <@ app.allowed('write_cells') then
    raise exception using errcode = '42501', message = 'the cell lies outside the area in which you may write';
  end if;
  with moving as (
    select o.id, o.safe_place_id, o.scope_code, coalesce(app.scope_at(o.geom, day), o.scope_code - o.scope_code % 1000) as code
      from households o where o.valid_to is null and o.geom && changed and ST_Covers(changed, o.geom)),
  members as (
    select h.safe_place_id, coalesce(m.code, h.scope_code) as code
      from households h left join moving m on m.id = h.id
     where h.valid_to is null and h.safe_place_part in ('founder', 'joined')
       and h.safe_place_id in (select m.safe_place_id from moving m where m.code <> m.scope_code)),
  whole as (
    select safe_place_id, min(code) as code from members group by safe_place_id having min(code) = max(code))
  update safe_places p
     set cell_code = w.code, scope_code = w.code, village_lo = w.code - w.code % 1000,
         cell_valid_from = (select max(c.valid_from) from cells c where c.code = w.code and c.valid_from <= day)
    from whole w
   where p.id = w.safe_place_id and p.kind = 'group' and p.open and p.cell_code <> w.code
     and exists (select 1 from cells c where c.code = w.code and c.valid_from <= day and (c.valid_to is null or c.valid_to > day) and ST_Covers(c.geom, p.geom));
  update households h set scope_code = s.code
    from (select o.id, coalesce(app.scope_at(o.geom, day), o.scope_code - o.scope_code % 1000) as code from households o
           where o.valid_to is null and o.geom && changed and ST_Covers(changed, o.geom)) s
   where h.id = s.id and h.scope_code <> s.code;
  get diagnostics moved = row_count;
  -- A point that came into another cell would show cases of one cell in the other.
  update safe_places p set open = false
   where p.open and p.kind <> 'village' and p.geom && changed and ST_Covers(changed, p.geom)
     and app.scope_at(p.geom, day) % 1000 <> 0 and app.scope_at(p.geom, day) <> p.cell_code;
  update facilities f set scope_code = s.code
    from (select o.id, coalesce(app.scope_at(o.geom, day), o.scope_code - o.scope_code % 1000) as code from facilities o
           where o.valid_to is null and o.geom && changed and ST_Covers(changed, o.geom)) s
   where f.id = s.id and f.scope_code <> s.code;
  get diagnostics more = row_count;
  return moved + more;
end $$;
comment on function app.settle_rows is 'Puts addresses, their groups and facilities in a changed area into the cells of the day; returns how many rows moved';

-- Places are open or closed, counted and moved between cells; their point is for good.
create function app.keep_point() returns trigger
  language plpgsql set search_path = public, pg_catalog, pg_temp as $$
begin
  perform app.refuse('safe_place_moved', format('safe place %s keeps its point and its kind', old.id), null);
  return null;
end $$;
comment on function app.keep_point is 'Refuses to move a safe place';
create trigger safe_places_point before update on safe_places for each row
  when (not ST_Equals(old.geom, new.geom) or old.kind <> new.kind or (new.open and not old.open))
  execute function app.keep_point();

create function app.keep_safe_place() returns trigger
  language plpgsql set search_path = public, pg_catalog, pg_temp as $$
begin
  perform app.refuse('safe_place_kept', format('case %s keeps the safe place of its registration', old.id), null);
  return null;
end $$;
comment on function app.keep_safe_place is 'Refuses to show a case elsewhere than at its registration';
create trigger incidents_safe_place before update on incidents for each row
  when (old.safe_place_id is not null and old.safe_place_id is distinct from new.safe_place_id)
  execute function app.keep_safe_place();
