-- Materials of a plant: whether nobody may use them there, and whether they are kept by batches there. No record says when it changed.
SELECT
    concat_ws('/', 'plant', Plant, Product)                              AS source_key,
    'item'                                                               AS object,
    CASE leading_zeros WHEN 'keep' THEN Product ELSE unpadded(Product) END AS key,
    CASE WHEN IsMarkedForDeletion OR (blocked_materials <> '' AND regexp_full_match(ProfileCode, blocked_materials)) THEN false END AS is_active,
    json_object('lot_controlled', IsBatchManagementRequired, 'status', nullif(ProfileCode, '')) AS attributes,
    Plant                                                                AS plant,
    CASE leading_zeros WHEN 'keep' THEN Product ELSE unpadded(Product) END AS item
FROM page
