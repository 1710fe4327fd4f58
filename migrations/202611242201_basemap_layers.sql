-- The base map by the names that Protomaps' base map schema, version 4, gives layers and kinds, so that a style made for it
-- draws ours too. OpenStreetMap extracts and the demonstration fill the same rows.
alter table basemap_features drop constraint basemap_features_layer_check;
update basemap_features set layer = 'landuse', kind = case kind when 'green' then 'wood' else kind end where layer = 'greens';
update basemap_features set kind = case kind when 'main' then 'major_road' when 'street' then 'minor_road' else kind end
 where layer = 'roads' and kind in ('main', 'street');
update basemap_features set kind = 'stream' where layer = 'water' and kind = 'brook';
update basemap_features set kind = 'locality' where layer = 'places' and kind = 'settlement';
alter table basemap_features
  add constraint basemap_features_layer_check check (layer in ('earth', 'landuse', 'water', 'roads', 'buildings', 'boundaries', 'places')),
  add column kind_detail text not null default '',
  add column ref text not null default '',
  add column deck smallint not null default 0 check (deck between -1 and 1);
comment on column basemap_features.layer is 'Layer of the base map, called as in Protomaps'' base map schema 4';
comment on column basemap_features.kind is 'Kind within the layer as in that schema: highway, major_road, minor_road, path, rail, river, lake, wood, park, locality, …';
comment on column basemap_features.kind_detail is 'Finer kind: the value of the tag it comes from (primary, town), of a boundary the level (4, 6, 8); empty: none';
comment on column basemap_features.ref is 'Number of a road (G104, S31); empty: none';
comment on column basemap_features.deck is 'Of roads and rails -1 in a tunnel, 1 on a bridge, 0 on the ground';
comment on column basemap_features.name_zh is 'Name in Chinese; where the source has none, the name in the language of the place';
