-- Adds a fruit with each request.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"fruit":"apple","color":"red"}'
