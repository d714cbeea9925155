# correlated queries
SELECT u.Username, (SELECT count(*) FROM UserGroupAssociations m WHERE m.UserId = u.Id) FROM Users u WHERE u.EmployeeType = 'Contractor'
SELECT p.Name, (SELECT max(u.CreatedAt) FROM Users u WHERE u.PopulationId = p.Id AND u.IsEnabled) FROM Populations p
SELECT p.Name FROM Populations p WHERE (SELECT count(*) FROM Users u WHERE u.PopulationId = p.Id) > 3
SELECT u.Username FROM Users u WHERE u.CreatedAt = (SELECT min(v.CreatedAt) FROM Users v WHERE v.PopulationId = u.PopulationId)
SELECT u.Username FROM Users u WHERE NOT EXISTS (SELECT 1 FROM UserGroupAssociations m WHERE m.UserId = u.Id AND m.Type = 'DIRECT')
SELECT u.Username FROM Users u WHERE u.Id NOT IN (SELECT m.UserId FROM UserGroupAssociations m WHERE m.GroupName LIKE 'A%')
SELECT u.Username FROM Users u WHERE u.PopulationId = ANY (SELECT Id FROM Populations WHERE Name > 'D')
SELECT u.Username FROM Users u WHERE u.CreatedAt >= ALL (SELECT v.CreatedAt FROM Users v WHERE v.CountryCode = u.CountryCode AND v.CreatedAt IS NOT NULL)
SELECT u.Username FROM Users u WHERE (u.PopulationId, u.EmployeeType) IN (SELECT p.Id, 'Employee' FROM Populations p)
SELECT (SELECT count(*) FROM Users WHERE IsEnabled), (SELECT count(*) FROM Users WHERE NOT IsEnabled), (SELECT count(*) FROM Users WHERE IsEnabled IS NULL)
SELECT u.Username, EXISTS (SELECT 1 FROM Groups g WHERE g.PopulationId = u.PopulationId) FROM Users u WHERE u.Username < 'c'
SELECT g.Name FROM Groups g WHERE g.Id IN (SELECT m.GroupId FROM UserGroupAssociations m WHERE m.UserId IN (SELECT Id FROM Users WHERE EmployeeType = 'Contractor'))
# LATERAL
SELECT p.Name, l.Username FROM Populations p, LATERAL (SELECT Username FROM Users u WHERE u.PopulationId = p.Id ORDER BY Username LIMIT 2) l
SELECT p.Name, l.n FROM Populations p LEFT JOIN LATERAL (SELECT count(*) AS n FROM Users u WHERE u.PopulationId = p.Id AND u.EmployeeType = 'Intern') l ON true
SELECT u.Username, x.skill FROM Users u, LATERAL (SELECT unnest(u.skills) AS skill) x WHERE u.skills IS NOT NULL
SELECT p.Name, l.Username FROM Populations p LEFT JOIN LATERAL (SELECT Username FROM Users u WHERE u.PopulationId = p.Id AND u.Username = 'ada.admin') l ON l.Username IS NOT NULL
# joins
SELECT u.Username, p.Name FROM Users u RIGHT JOIN Populations p ON p.Id = u.PopulationId AND u.EmployeeType = 'Contractor'
SELECT u.Username, p.Name FROM Users u FULL JOIN Populations p ON p.Id = u.PopulationId AND p.Name LIKE 'E%'
SELECT count(*) FROM Users u LEFT JOIN Populations p ON p.Id = u.PopulationId WHERE p.Name IS NULL OR p.Name = 'Employees'
SELECT u.Username FROM Users u LEFT JOIN Groups g ON g.PopulationId = u.PopulationId WHERE g.Id IS NULL
SELECT u.Username FROM Users u ANTI JOIN UserGroupAssociations m ON m.UserId = u.Id
SELECT u.Username FROM Users u SEMI JOIN UserGroupAssociations m ON m.UserId = u.Id AND m.Type = 'DIRECT'
SELECT a.Username, b.Username FROM Users a JOIN Users b ON a.PopulationId = b.PopulationId AND a.Username < b.Username WHERE a.Username LIKE 'a%'
SELECT count(*) FROM Users a CROSS JOIN Populations b WHERE a.PopulationId <> b.Id
SELECT count(*) FROM Users NATURAL JOIN (SELECT Id AS PopulationId FROM Populations WHERE Name >= 'E') p
SELECT Username FROM Users JOIN (SELECT Id AS PopulationId, Name AS PopulationName FROM Populations) p USING (PopulationId) WHERE PopulationName IN ('Employees', 'Partners')
SELECT u.Username, p.Name FROM Users u JOIN Populations p ON p.Id = u.PopulationId OR p.Name = u.EmployeeType WHERE u.Username < 'd'
SELECT count(*) FROM Users u JOIN Populations p ON (p.Id = u.PopulationId) IS TRUE
SELECT u.Username, v.Username FROM Users u POSITIONAL JOIN (SELECT Username FROM Users WHERE false) v WHERE u.Username IS NULL
SELECT a.n, b.n FROM (SELECT count(*) n FROM Users WHERE Username = 'ada.admin') a, (SELECT count(*) n FROM Users WHERE Username <> 'ada.admin') b
# windows
SELECT Username, row_number() OVER (PARTITION BY PopulationId ORDER BY Username) FROM Users WHERE Username < 'g'
SELECT Username, count(*) OVER (PARTITION BY PopulationId) FROM Users WHERE EmployeeType = 'Contractor'
SELECT * FROM (SELECT Username, PopulationId, rank() OVER (PARTITION BY PopulationId ORDER BY CreatedAt, Id) AS r FROM Users) x WHERE r <= 2
SELECT * FROM (SELECT Username, EmployeeType, count(*) OVER () AS n FROM Users) x WHERE EmployeeType = 'Intern'
SELECT Username, sum(SecondsUntilUnlock) OVER (ORDER BY Username ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) FROM Users
SELECT Username, count(*) OVER (ORDER BY CreatedAt RANGE BETWEEN INTERVAL 90 DAYS PRECEDING AND CURRENT ROW) FROM Users WHERE CreatedAt IS NOT NULL
SELECT Username, lag(Username, 1, 'none') OVER w, first_value(Username) OVER w FROM Users WINDOW w AS (PARTITION BY EmployeeType ORDER BY Username)
SELECT Username FROM Users QUALIFY row_number() OVER (PARTITION BY EmployeeType ORDER BY Username) = 1
SELECT EmployeeType, ntile(3) OVER (ORDER BY EmployeeType NULLS FIRST, Id) FROM Users WHERE IsEnabled
SELECT Username, count(*) FILTER (WHERE IsEnabled) OVER (PARTITION BY PopulationId) FROM Users
SELECT Username, nth_value(Username, 2) OVER (PARTITION BY PopulationId ORDER BY Username GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM Users
# groups
SELECT EmployeeType, IsEnabled, count(*) FROM Users GROUP BY GROUPING SETS ((EmployeeType), (IsEnabled), ())
SELECT EmployeeType, IsEnabled, grouping(EmployeeType, IsEnabled), count(*) FROM Users GROUP BY CUBE (EmployeeType, IsEnabled)
SELECT PopulationId, EmployeeType, count(*) FROM Users GROUP BY ROLLUP (PopulationId, EmployeeType) HAVING count(*) > 2
SELECT count(*) FROM Users WHERE Username = 'nobody' GROUP BY ()
SELECT count(*), max(Username) FROM Users WHERE Username = 'nobody'
SELECT EmployeeType, count(*) FROM Users WHERE Username = 'nobody' GROUP BY ROLLUP (EmployeeType)
SELECT EmployeeType, count(DISTINCT PopulationId), count(DISTINCT CountryCode) FILTER (WHERE IsEnabled) FROM Users GROUP BY EmployeeType HAVING EmployeeType <> 'Partner'
SELECT EmployeeType FROM Users GROUP BY EmployeeType HAVING EmployeeType IN ('Contractor', 'Intern') AND min(CreatedAt) < now()
SELECT coalesce(EmployeeType, 'none') AS t, string_agg(Username, ',' ORDER BY Username DESC) FROM Users WHERE Username < 'f' GROUP BY t
SELECT upper(left(Username, 1)) AS letter, count(*) FROM Users GROUP BY letter HAVING letter = 'A'
SELECT IsEnabled, list(DISTINCT EmployeeType ORDER BY EmployeeType) FROM Users GROUP BY ALL
SELECT mad(n) FROM (SELECT PopulationId, count(*) AS n FROM Users GROUP BY 1) x
SELECT PopulationId, arg_max(Username, CreatedAt) FROM Users GROUP BY 1 HAVING bool_or(IsEnabled)
SELECT DISTINCT EmployeeType FROM Users WHERE PopulationId IS NOT NULL
SELECT DISTINCT ON (PopulationId) PopulationId, Username FROM Users ORDER BY PopulationId, Username DESC
SELECT DISTINCT ON (EmployeeType) EmployeeType, Username FROM Users WHERE IsEnabled ORDER BY EmployeeType NULLS LAST, Username
# order and limits
SELECT Username FROM Users ORDER BY EmployeeType DESC NULLS LAST, Username LIMIT 7
SELECT EmployeeType, Username FROM Users ORDER BY EmployeeType NULLS FIRST, Username LIMIT 7 OFFSET 3
SELECT Username FROM Users ORDER BY CreatedAt DESC, Id LIMIT 40%
SELECT * FROM (SELECT Username FROM Users ORDER BY Username LIMIT 10) x WHERE Username > 'b'
SELECT * FROM (SELECT Username, EmployeeType FROM Users ORDER BY Username LIMIT 10) x WHERE EmployeeType = 'Employee'
SELECT count(*) FROM (SELECT 1 FROM Users LIMIT 5) x
SELECT Username FROM Users ORDER BY lower(Username) COLLATE NOCASE, Id OFFSET 50 ROWS FETCH NEXT 5 ROWS ONLY
SELECT p.Name, u.Username FROM (SELECT * FROM Populations ORDER BY Name LIMIT 2) p JOIN Users u ON u.PopulationId = p.Id
SELECT Username FROM Users WHERE Id IN (SELECT Id FROM Users ORDER BY Username LIMIT 3)
SELECT count(*) FROM Users LIMIT 0
# times
SELECT Username, date_trunc('month', CreatedAt), extract(epoch FROM CreatedAt) FROM Users WHERE CreatedAt >= TIMESTAMPTZ '2020-01-01 00:00:00+05:30'
SELECT Username FROM Users WHERE CreatedAt AT TIME ZONE 'Asia/Tokyo' < TIMESTAMP '2018-06-01 00:00:00'
SELECT Username, (CreatedAt AT TIME ZONE 'America/New_York')::DATE FROM Users WHERE CreatedAt BETWEEN '2019-01-01' AND '2021-12-31 23:59:59.999+00'
SELECT Username FROM Users WHERE CreatedAt + INTERVAL '1 year 2 months' > TIMESTAMPTZ '2024-01-01'
SELECT Username, age(TIMESTAMPTZ '2026-01-01', CreatedAt) FROM Users WHERE CreatedAt::DATE = (SELECT min(CreatedAt)::DATE FROM Users)
SELECT Username FROM Users WHERE extract(dow FROM CreatedAt) = 0 OR date_part('hour', CreatedAt) IN (3, 4)
SELECT count(*) FROM Users WHERE CreatedAt > UpdatedAt OR CreatedAt = UpdatedAt
SELECT Username FROM Users WHERE CreatedAt NOT BETWEEN '2015-01-01' AND '2025-01-01'
SELECT Username FROM Users WHERE CreatedAt::VARCHAR LIKE '2020-%'
SELECT time_bucket(INTERVAL '6 months', CreatedAt) AS b, count(*) FROM Users GROUP BY b
SELECT Username FROM Users WHERE (CreatedAt, Username) > (TIMESTAMPTZ '2022-01-01', 'm')
SELECT Username FROM Users WHERE CreatedAt IS DISTINCT FROM UpdatedAt AND LastSignOnAt IS NOT DISTINCT FROM NULL
SELECT s.d::DATE, count(u.Id) FROM generate_series(TIMESTAMP '2020-01-01', TIMESTAMP '2020-12-01', INTERVAL 1 MONTH) s(d) LEFT JOIN Users u ON date_trunc('month', u.CreatedAt::TIMESTAMP) = s.d GROUP BY 1
# texts and nulls
SELECT Username FROM Users WHERE Username LIKE '%\_%' ESCAPE '\' OR Username ILIKE 'A%' AND NOT Username LIKE 'ad%'
SELECT Username FROM Users WHERE Username SIMILAR TO '[a-c][^0-9]*' AND EmployeeType IS NOT NULL
SELECT Username FROM Users WHERE NOT (EmployeeType = 'Contractor' OR EmployeeType IS NULL)
SELECT Username FROM Users WHERE (EmployeeType = 'Contractor') IS NOT TRUE
SELECT Username FROM Users WHERE EmployeeType NOT IN ('Contractor', NULL)
SELECT Username FROM Users WHERE EmployeeType IN ('Contractor', NULL)
SELECT Username FROM Users WHERE CASE WHEN EmployeeType = 'Contractor' THEN IsEnabled ELSE NOT IsEnabled END
SELECT Username FROM Users WHERE coalesce(EmployeeType, 'Contractor') = 'Contractor' AND nullif(CountryCode, 'DE') IS NULL
SELECT Username FROM Users WHERE EmployeeType = 'contractor' OR lower(EmployeeType) = 'contractor' AND EmployeeType <> 'Contractor'
SELECT Username FROM Users WHERE IsEnabled = true AND IsEnabled <> false AND NOT (IsEnabled IS NULL)
SELECT Username FROM Users WHERE IsEnabled::INT = 0 OR IsEnabled::VARCHAR = 'maybe'
SELECT Username FROM Users WHERE Id::VARCHAR LIKE '5%' OR Id IN (SELECT Id FROM Users WHERE Username = 'ada.admin')
SELECT Username FROM Users WHERE 'Contractor' = EmployeeType AND 'b' <= Username AND 1 = 1
SELECT Username FROM Users WHERE Username > 'a' AND Username > 'b' AND Username >= 'b' AND Username <= 'f' AND Username < 'e'
SELECT Username FROM Users WHERE EmployeeType = 'Contractor' AND EmployeeType = 'Intern'
SELECT Username FROM Users WHERE Username || '' = 'ada.admin' OR concat(Username, NULL) = 'rita.reader'
SELECT preferences->>'$.theme', count(*) FROM Users GROUP BY 1
SELECT Username FROM Users WHERE list_contains(skills, 'Go') OR skills[1] = 'Go' OR len(skills) > 2
SELECT Username FROM Users WHERE skills = ['Go', '日本語', 'C++'] OR skills IS NULL AND Username < 'b'
# unions and common tables
SELECT Username AS x FROM Users WHERE EmployeeType = 'Intern' UNION ALL SELECT Name FROM Populations ORDER BY x
SELECT 1 AS x UNION SELECT 2.5 UNION ALL SELECT NULL
SELECT Id::VARCHAR FROM Users WHERE Username = 'ada.admin' UNION SELECT Name FROM Groups WHERE Name < 'B'
SELECT CreatedAt FROM Users WHERE Username < 'b' UNION SELECT DATE '2020-01-01'
SELECT PopulationId FROM Users EXCEPT SELECT Id FROM Populations WHERE Name = 'Employees'
SELECT EmployeeType FROM Users INTERSECT ALL SELECT Name FROM (VALUES ('Contractor'), ('Contractor'), ('Intern')) v(Name)
SELECT Username, NULL AS n FROM Users WHERE Username < 'b' UNION BY NAME SELECT 5 AS n, Name AS Username FROM Groups WHERE Name < 'B'
SELECT x FROM (SELECT Username AS x, EmployeeType AS y FROM Users UNION ALL SELECT Name, 'group' FROM Groups) z WHERE y = 'group' OR y = 'Intern'
WITH Users AS (SELECT * FROM Users WHERE EmployeeType = 'Contractor') SELECT count(*) FROM Users
WITH Users AS (SELECT Name AS Username FROM Groups) SELECT Username FROM Users WHERE Username < 'C'
WITH a AS (WITH a AS (SELECT Username FROM Users WHERE Username < 'd') SELECT Username FROM a WHERE Username > 'b') SELECT * FROM a
WITH a AS MATERIALIZED (SELECT Id, PopulationId FROM Users), b AS (SELECT * FROM a WHERE PopulationId IS NOT NULL) SELECT count(*) FROM a JOIN b USING (Id)
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT c.n, u.Username FROM c JOIN (SELECT Username, row_number() OVER (ORDER BY Username) AS r FROM Users) u ON u.r = c.n
WITH RECURSIVE up(Id, Name, depth) AS (SELECT g.Id, g.Name, 0 FROM Groups g WHERE g.Name LIKE 'A%' UNION SELECT p.ParentGroupId, p.ParentGroupName, up.depth + 1 FROM up JOIN ParentGroupAssociations p ON p.GroupId = up.Id WHERE up.depth < 5) SELECT Name, depth FROM up
SELECT (WITH n AS (SELECT count(*) AS n FROM Users) SELECT n FROM n), (WITH n AS (SELECT count(*) AS n FROM Groups) SELECT n FROM n)
FROM Users SELECT Username WHERE Username LIKE 'a%'
SELECT u.* EXCLUDE (Id) FROM (SELECT Id, Username, EmployeeType FROM Users WHERE Username < 'b') u
SELECT t.x, t.y FROM (VALUES (1, 'ada.admin'), (2, 'nobody'), (3, NULL)) AS t(x, y) LEFT JOIN Users u ON u.Username = t.y WHERE u.Id IS NULL
# environments
SELECT count(*) FROM Users a JOIN Customers.Users b ON a.Username = b.Username
SELECT a.Name FROM Populations a WHERE a.Name IN (SELECT Name FROM Customers.Populations) OR a.Name = (SELECT min(Name) FROM "Partner Portal Zürich".Populations)
SELECT e.Name, count(p.Id) FROM Information.Environments e LEFT JOIN Populations p ON p.EnvironmentId = e.Id GROUP BY e.Name
# parameters in odd places
SELECT Username FROM Users ORDER BY Username LIMIT ? OFFSET ? -- [3, 2]
SELECT Username FROM Users WHERE Username IN (?, ?, ?) -- ["ada.admin", "nobody", "rita.reader"]
SELECT Username FROM Users WHERE Username BETWEEN ? AND ? -- ["b", "d"]
SELECT Username FROM Users WHERE Username LIKE ? OR Username LIKE ? || '%' -- ["%.admin", "r"]
SELECT date_trunc(?, CreatedAt), count(*) FROM Users GROUP BY ALL -- ["year"]
SELECT Username FROM Users WHERE CreatedAt > ?::TIMESTAMPTZ - INTERVAL (? || ' days') -- ["2024-01-01", "365"]
SELECT Username, ? AS n FROM Users WHERE Id = (SELECT Id FROM Users WHERE Username = ?) -- [7, "ada.admin"]
SELECT CASE WHEN EmployeeType = ? THEN ? ELSE 'other' END AS k, count(*) FROM Users GROUP BY k HAVING count(*) > ? -- ["Contractor", "theirs", 0]
SELECT coalesce(EmployeeType, ?) AS k, count(*) FROM Users GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ? -- ["none", 2]
SELECT Username FROM Users WHERE (? = 'all' OR EmployeeType = ?) AND length(Username) > ? -- ["some", "Intern", 4]
SELECT Username FROM Users WHERE left(Username, ?) = ? -- [1, "a"]
SELECT u.Username FROM Users u JOIN Populations p ON p.Id = u.PopulationId AND p.Name = ? WHERE u.IsEnabled = ? -- ["Employees", true]
SELECT x, y FROM (VALUES (?, ?), (?, ?)) t(x, y) WHERE x > ? -- [1, "a", 2, "b", 1]
SELECT Username FROM Users u WHERE EXISTS (SELECT 1 FROM UserGroupAssociations m WHERE m.UserId = u.Id AND m.GroupName = ? AND m.Type = ?) -- ["All Staff", "DIRECT"]
WITH few AS (SELECT Username FROM Users WHERE Username < ?) SELECT Username FROM few UNION ALL SELECT ? ORDER BY 1 -- ["c", "z"]
SELECT lag(Username, ?) OVER (ORDER BY Username) FROM Users WHERE Username <= ? -- [2, "f"]
SELECT ?::INTEGER + ?::INTEGER, ?::VARCHAR IS NULL, NOT ?::BOOLEAN -- [1, 2, "x", false]
SELECT Username FROM Users WHERE Id = ? OR Id::VARCHAR = ? -- ["00000000-0000-0000-0000-000000000000", "x"]
SELECT Username FROM Users WHERE EmployeeType IS NOT DISTINCT FROM ? AND Username >= ? AND Username >= ? -- ["Intern", "a", "b"]
SELECT regexp_replace(Username, ?, ?) FROM Users WHERE regexp_matches(Username, ?) -- ["[.].*", "!", "^[ab]"]
# where conditions must not go too far down
SELECT * FROM (SELECT u.Username, p.Name FROM Users u LEFT JOIN Populations p ON p.Id = u.PopulationId AND p.Name = 'Employees') x WHERE x.Name IS NULL
SELECT u.Username FROM Users u LEFT JOIN Populations p ON p.Id = u.PopulationId AND u.EmployeeType = 'Contractor' WHERE p.Id IS NULL
SELECT p.Name FROM Populations p LEFT JOIN Users u ON u.PopulationId = p.Id AND u.Username = 'ada.admin' WHERE coalesce(u.Username, 'x') = 'x'
SELECT u.Username FROM Users u FULL JOIN UserGroupAssociations m ON m.UserId = u.Id AND m.Type = 'DIRECT' WHERE m.UserId IS NULL AND u.EmployeeType = 'Employee'
SELECT x.Username FROM (SELECT Username, EmployeeType FROM Users ORDER BY Id LIMIT 20) x JOIN (SELECT Username FROM Users ORDER BY Id LIMIT 20 OFFSET 10) y USING (Username) WHERE x.EmployeeType = 'Employee'
SELECT x.Username FROM (SELECT * FROM Users ORDER BY Id LIMIT 30) x JOIN (SELECT * FROM Populations ORDER BY Id LIMIT 3) p ON p.Id = x.PopulationId
SELECT * FROM (SELECT EmployeeType, count(*) AS n FROM Users GROUP BY EmployeeType) x WHERE n > 2 AND EmployeeType <> 'Employee'
SELECT * FROM (SELECT EmployeeType, max(Username) AS m FROM Users GROUP BY EmployeeType) x WHERE m LIKE 'z%' OR EmployeeType = 'Intern'
SELECT * FROM (SELECT count(*) AS n, max(EmployeeType) AS EmployeeType FROM Users) x WHERE EmployeeType = 'Contractor'
SELECT * FROM (SELECT DISTINCT ON (PopulationId) PopulationId, Username, EmployeeType FROM Users ORDER BY PopulationId, Username) x WHERE EmployeeType = 'Contractor'
SELECT * FROM (SELECT Username, lag(EmployeeType) OVER (ORDER BY Username) AS before FROM Users) x WHERE before = 'Contractor'
SELECT * FROM (SELECT Username, sum(1) OVER (PARTITION BY EmployeeType ORDER BY Username) AS n, EmployeeType FROM Users) x WHERE EmployeeType = 'Contractor' AND n < 3 AND Username > 'c'
SELECT * FROM (SELECT EmployeeType, IsEnabled, count(*) AS n FROM Users GROUP BY ROLLUP (EmployeeType, IsEnabled)) x WHERE EmployeeType = 'Contractor'
SELECT * FROM (SELECT EmployeeType, IsEnabled, count(*) AS n FROM Users GROUP BY ROLLUP (EmployeeType, IsEnabled)) x WHERE EmployeeType IS NULL
SELECT * FROM (SELECT Username, EmployeeType FROM Users EXCEPT SELECT Username, EmployeeType FROM Users WHERE IsEnabled) x WHERE EmployeeType = 'Contractor'
SELECT * FROM (SELECT Username FROM Users UNION ALL (SELECT Name FROM Groups ORDER BY Name LIMIT 5)) x WHERE Username LIKE 'A%' OR Username LIKE 'a%'
SELECT * FROM (SELECT unnest(skills) AS s, Username FROM Users) x WHERE s = 'Go' AND Username < 'n'
SELECT * FROM (SELECT EmployeeType AS Username, Username AS EmployeeType FROM Users) x WHERE Username = 'Contractor' AND EmployeeType < 'm'
SELECT Username AS EmployeeType FROM Users WHERE EmployeeType = 'Contractor' ORDER BY EmployeeType
SELECT lower(Username) AS Username FROM Users WHERE Username = 'ada.admin' OR Username = 'ADA.ADMIN'
WITH c AS (SELECT * FROM Users WHERE IsEnabled) SELECT (SELECT count(*) FROM c WHERE EmployeeType = 'Contractor'), (SELECT count(*) FROM c WHERE EmployeeType = 'Intern')
WITH c AS (SELECT Username, EmployeeType FROM Users ORDER BY Username LIMIT 25) SELECT a.Username FROM c a JOIN c b ON a.Username = b.Username WHERE b.EmployeeType = 'Employee'
WITH RECURSIVE r AS (SELECT Username, 1 AS n FROM Users WHERE Username = 'ada.admin' UNION ALL SELECT u.Username, r.n + 1 FROM r JOIN Users u ON u.Username > r.Username WHERE r.n < 2 AND u.EmployeeType = 'Intern') SELECT * FROM r
SELECT Username FROM Users WHERE EXISTS (SELECT count(*) FROM Groups WHERE Name = 'no such group')
SELECT Username FROM Users WHERE EmployeeType IN (SELECT EmployeeType FROM Users WHERE Username < 'c')
SELECT Username FROM Users WHERE EmployeeType NOT IN (SELECT EmployeeType FROM Users WHERE Username < 'c' AND EmployeeType IS NOT NULL)
SELECT Username FROM Users WHERE EmployeeType <> ALL (SELECT EmployeeType FROM Users WHERE Username = 'nobody')
SELECT u.Username, g.n FROM Users u ASOF JOIN (SELECT TIMESTAMPTZ '2017-01-01' + i * INTERVAL 1 YEAR AS t, i AS n FROM range(9) r(i)) g ON u.CreatedAt >= g.t WHERE u.EmployeeType = 'Contractor' AND g.n > 2
SELECT g.Name, (SELECT string_agg(u.Username, ',' ORDER BY u.Username) FROM UserGroupAssociations m JOIN Users u ON u.Id = m.UserId WHERE m.GroupId = g.Id AND m.Type = 'DIRECT' AND u.Username < 'd') FROM Groups g
SELECT u.Username, p.Name FROM Users u JOIN Populations p ON p.Id = u.PopulationId WHERE (p.Name = 'Employees' AND u.Username < 'c') OR (p.Name <> 'Employees' AND u.Username > 's')
SELECT u.Username FROM Users u JOIN Users v ON v.Id = u.Id AND v.EmployeeType = 'Contractor' JOIN Users w ON w.Id = v.Id AND w.IsEnabled
SELECT count(*) FROM Users u WHERE u.PopulationId IN (SELECT Id FROM Populations WHERE Name = 'Employees') <> u.IsEnabled
SELECT Username FROM Users WHERE IsEnabled IN (true, NULL) AND (IsEnabled, EmployeeType) = (true, 'Contractor')
SELECT Username FROM Users WHERE Username = 'ada.admin' AND Username = lower(Username) OR random() < 0
SELECT max(Username) FROM Users HAVING count(*) > 10
SELECT max(Username) FROM Users WHERE EmployeeType = 'Contractor' HAVING count(*) > 1000
SELECT p.Name, u.n FROM Populations p JOIN (SELECT PopulationId, count(*) AS n FROM Users WHERE IsEnabled GROUP BY PopulationId) u ON u.PopulationId = p.Id WHERE u.n > 1
PIVOT (SELECT EmployeeType, IsEnabled FROM Users) ON EmployeeType IN ('Contractor', 'Intern') USING count(*) GROUP BY IsEnabled
UNPIVOT (SELECT Username, FirstName, LastName FROM Users WHERE Username < 'c') ON FirstName, LastName INTO NAME k VALUE v
SELECT Username FROM Users TABLESAMPLE 100 PERCENT WHERE Username < 'c'
