-- What a change of cells does to the rows inside, and the doors to safe places for those whose scope is narrower.

create function app.scope_at(place geometry, day date) returns bigint
  language sql stable set search_path = public, pg_catalog, pg_temp
  return coalesce(
    (select c.code from public.cells c
      where c.geom && place and ST_Covers(c.geom, place) and c.valid_from <= day and (c.valid_to is null or c.valid_to > day)
      order by c.code limit 1),
    (select a.code_lo from public.areas a where a.geom && place and ST_Covers(a.geom, place) order by a.level desc, a.code_lo limit 1)
  );
comment on function app.scope_at is 'The cell of a day that holds a place, else the smallest area that does; null outside every area';

-- A planner writes cells and no addresses; the addresses follow the cells all the same.
create function app.settle_rows(cell bigint, changed geometry, day date) returns bigint
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  moved bigint;
  more bigint;
begin
  if not cell <@ app.allowed('write_cells') then
    raise exception using errcode = '42501', message = 'the cell lies outside the area in which you may write';
  end if;
  update households h set scope_code = s.code
    from (select o.id, coalesce(app.scope_at(o.geom, day), o.scope_code - o.scope_code % 1000) as code from households o
           where o.valid_to is null and o.geom && changed and ST_Covers(changed, o.geom)) s
   where h.id = s.id and h.scope_code <> s.code;
  get diagnostics moved = row_count;
  update facilities f set scope_code = s.code
    from (select o.id, coalesce(app.scope_at(o.geom, day), o.scope_code - o.scope_code % 1000) as code from facilities o
           where o.valid_to is null and o.geom && changed and ST_Covers(changed, o.geom)) s
   where f.id = s.id and f.scope_code <> s.code;
  get diagnostics more = row_count;
  return moved + more;
end $$;
comment on function app.settle_rows is 'Puts the addresses and facilities in a changed area into the cells of the day; returns how many moved';
revoke execute on function app.settle_rows from public;
grant execute on function app.settle_rows to maplebridge_app;

-- The point of a village is shared by its cells: who registers a case in one of them may ask for it.
create function app.village_place(village bigint, place geometry, addresses integer) returns bigint
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  found_id bigint;
  inside int8range := int8range(village, village + 1000);
begin
  if not (app.allowed('write_incidents') && inside or app.allowed('import_incidents') && inside or app.allowed('write_households') && inside) then
    raise exception using errcode = '42501', message = 'the village lies outside the area in which you may write';
  end if;
  perform pg_advisory_xact_lock(7202, hashint8(village));
  select s.id into found_id from safe_places s where s.kind = 'village' and s.village_lo = village and s.open order by s.id limit 1;
  if found_id is null then
    place := coalesce(place, (select ST_PointOnSurface(ST_Union(c.geom)) from cells c where c.code >= village and c.code < village + 1000 and not c.retired));
    if place is null then
      return null;
    end if;
    insert into safe_places (village_lo, kind, geom, address_count, scope_code)
    values (village, 'village', ST_ReducePrecision(place, 1e-7), addresses, village) returning id into found_id;
  end if;
  return found_id;
end $$;
comment on function app.village_place is 'The one safe place of a village, made at its first use; null where nothing is known of its shape';
revoke execute on function app.village_place from public;
grant execute on function app.village_place to maplebridge_app;

create function app.safe_place_point(place bigint) returns geometry
  language sql stable security definer set search_path = public, pg_catalog, pg_temp
  return (select s.geom from public.safe_places s where s.id = place);
comment on function app.safe_place_point is 'Where a case is shown, for whoever may see the case: its unit, or a supervisor of one cell';
revoke execute on function app.safe_place_point from public;
grant execute on function app.safe_place_point to maplebridge_app;
