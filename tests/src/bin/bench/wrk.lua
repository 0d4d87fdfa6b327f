-- Sends the requests of a file in a circle. Each thread has a file of its own in the folder that is
-- the first argument; its name is the number of the thread. \1 ends a request.

local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(arguments)
   local file = assert(io.open(arguments[1] .. "/" .. number, "rb"))
   requests = {}
   for request in file:read("*a"):gmatch("([^\1]+)\1") do
      requests[#requests + 1] = request
   end
   file:close()
   -- wrk asks the first thread for a request that it does not send.
   at = number == 0 and -1 or 0
   if arguments[2] then
      response = function(status, _, body)
         if status ~= 200 then
            local report = assert(io.open(arguments[2], "wb"))
            report:write(status .. " " .. body)
            report:close()
         end
      end
   end
end

function request()
   at = at % #requests + 1
   return requests[at]
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\nRESULT {"requests": %d, "micros": %d, "p50": %d, "p99": %d, "p999": %d, ' ..
      '"refused": %d, "failed": %d}\n',
      summary.requests, summary.duration,
      latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
      errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
