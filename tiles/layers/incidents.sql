-- Incidents at their safe places; the true place is not read here or anywhere else for the map.
-- $1 keys (null: all), $2 a day (incidents have no versions; taken so that all layers ask alike).
select i.id, i.scope_code, ST_X(p.geom), ST_Y(p.geom), i.category, i.source, i.state, i.risk_level, i.occurred_on, i.unit_id
  from incidents i
  join safe_places p on p.id = i.safe_place_id
 where ($1::bigint[] is null or i.id = any($1))
   and $2::date is not null
