import asyncio
import time


async def work(name, delay):
    await asyncio.sleep(delay)
    return name


async def failing(what):
    try:
        await what
    except Exception as error:
        print(type(error).__name__, error)


async def main():
    begin = time.monotonic()
    print(await asyncio.gather(work("slow", 0.05), work("fast", 0.01)))
    print("slept", 0.05 <= time.monotonic() - begin < 3)
    try:
        async with asyncio.timeout(0.02):
            await asyncio.sleep(60)
    except TimeoutError:
        print("timeout")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work(n, 0)) for n in "abc"]
    print([t.result() for t in tasks])
    queue = asyncio.Queue()
    asyncio.get_running_loop().call_later(0.01, queue.put_nowait, "item")
    print(await queue.get())
    await failing(asyncio.to_thread(print))
    await failing(asyncio.create_subprocess_exec("ls"))
    await failing(asyncio.open_connection("localhost", 80))
    await failing(asyncio.start_server(print, "localhost", 80))
    await asyncio.Event().wait()


try:
    asyncio.run(main())
except RuntimeError as error:
    print(error)
