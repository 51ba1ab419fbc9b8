// Fills the waits on /wait-times.html from the feed; labels are shown as they come.
const place = document.getElementById("waits");
fetch("/api/waittimes/en")
  .then((answer) => answer.json())
  .then((regions) => {
    const records = Object.values(regions).flatMap((groups) => Object.values(groups).flat());
    const rows = records.flatMap((record) => {
      const names = record.Name.split("[;]");
      const waits = record.WaitTime.split("[;]");
      return names.map((name, index) => [name, waits[index]]);
    });
    const list = document.createElement("ul");
    for (const [name, wait] of rows) {
      const item = document.createElement("li");
      item.textContent = `${name}: ${wait}`;
      list.append(item);
    }
    place.replaceChildren(list);
  });
