-- The published cube: what is shown, and the total of each township, shown or not, which says what months were published.
-- $1 keys (null: all), $2 a day (what is published never changes; taken so that all layers ask alike).
select area_lo, level, month_on, category_group, audience, incident_count
  from published_table
 where ($1::bigint[] is null or id = any($1))
   and $2::date is not null
   and (outcome = 'shown' or (level = 9 and category_group = 'ordinary'))
