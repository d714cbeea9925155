-- Requests of dashboards and scripts, OData and SQL in turn. wrk runs this in
-- each of its threads.
local users = "/odata/pingone/Administrators/Users?"
local json = { ["Content-Type"] = "application/json" }

local function odata(query) return wrk.format("GET", users .. query) end
local function sql(statement) return wrk.format("POST", "/sql", json, '{"query":"' .. statement .. '"}') end

local requests
local turn = 0

function init()
  requests = {
    odata("$select=Id,Username&$top=50"),
    sql("SELECT count(*) FROM Users"),
    odata("$select=Id,Username,Email&$filter=Username%20eq%20'ada.admin'"),
    sql("SELECT Id, Username FROM Users WHERE EmployeeType = 'Intern'"),
    odata("$count=true&$top=0"),
    sql("SELECT p.Name, p.UserCount FROM Populations p ORDER BY 2 DESC LIMIT 5"),
  }
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT requests=%d seconds=%.1f p50=%.1f p90=%.1f p99=%.1f p999=%.1f max=%.1f connect=%d read=%d write=%d status=%d timeout=%d\n",
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3,
    latency:percentile(99.9) / 1e3, latency.max / 1e3, e.connect, e.read, e.write, e.status, e.timeout))
end
