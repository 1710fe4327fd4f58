-- The base map. $1 keys (null: all), $2 a day (the base map has no versions; taken so that all layers ask alike).
select id, layer, kind, name_zh, name_en, min_zoom, ST_AsBinary(geom), kind_detail, ref, deck
  from basemap_features
 where ($1::bigint[] is null or id = any($1))
   and $2::date is not null
