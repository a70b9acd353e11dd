"""The beginning of small programs that replace the engine in tests: they read a job and print events."""

READ_JOB = "import json, sys, time, os\njob = json.loads(sys.stdin.readline())\n"
SAY = "def say(event, **values):\n    print(json.dumps({'protocol': 2, 'event': event, **values}), flush=True)\n"
