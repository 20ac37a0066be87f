/*
stage:   line
grain:   one row per line of stock, with the account it is in
reads:   stock, home
*/
SELECT stock.fact_no, stock.item, {is_own} AS is_own, {plant_of_stock} AS plant, home.account
FROM stock
LEFT JOIN home ON home.item = stock.item AND home.plant IS NOT DISTINCT FROM {plant_of_stock}
