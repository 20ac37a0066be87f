-- Materials, as they are in all plants: base unit, GTIN, whether by batches, and until somebody marked them for deletion.
SELECT
    'product/' || Product                                                AS source_key,
    odata_instant(LastChangeDateTime)                                    AS revised_at,
    'item'                                                               AS object,
    CASE leading_zeros WHEN 'keep' THEN Product ELSE unpadded(Product) END AS key,
    NOT coalesce(IsMarkedForDeletion, false)                             AS is_active,
    odata_instant(LastChangeDateTime)                                    AS changed_at,
    json_object('type', nullif(ProductType, ''), 'gtin', nullif(ProductStandardID, ''), 'lot_controlled', IsBatchManagementRequired) AS attributes,
    CASE leading_zeros WHEN 'keep' THEN Product ELSE unpadded(Product) END AS item,
    1                                                                    AS quantity_source,
    BaseUnit                                                             AS unit_source
FROM page
