// What every page's browser does by itself. Nothing here knows the shop.
const chairside = {
  // Called in the head of each page with its words.
  page(words) {
    document.documentElement.lang = words.language;
    document.addEventListener("DOMContentLoaded", () => {
      const [lost, waiting] = document.querySelectorAll("#popup > span");
      if (lost) lost.textContent = words.lost;
      if (waiting) waiting.textContent = words.waiting;
      chairside.watchSession();
    });
  },

  // Without a session the socket is refused for ever: then ask once, and let the guard lead to the log-in page.
  watchSession() {
    if (!window.socket) return setTimeout(chairside.watchSession, 50);
    let asking = false;
    window.socket.on("connect_error", async () => {
      if (asking) return;
      asking = true;
      try {
        const answer = await fetch("/api/me", { headers: { Accept: "application/json" } });
        // 200: someone else has logged in since, and this page's socket is refused to her; not more than once in ten seconds
        const lately = Date.now() - Number(sessionStorage.getItem("reloaded") ?? 0) < 10000;
        if (answer.status === 401 || (answer.ok && !lately)) {
          sessionStorage.setItem("reloaded", String(Date.now()));
          location.reload();
        }
      } catch (away) {
        // the hub itself is away: the socket keeps trying
      } finally {
        setTimeout(() => (asking = false), 2000);
      }
    });
  },

  // Whose PIN the pad holds, and where a log-in leads.
  choose(pad, chosen) {
    chairside.chosen = chosen;
    getElement(pad).put("");
    if (matchMedia("(max-width: 800px)").matches) document.querySelector(".login-pad").scrollIntoView({ block: "nearest" });
  },

  // Logs in with the PIN in the pad; gives back the refusal, or nothing when it leads away.
  async logIn(pad, station) {
    const at = new URLSearchParams(location.search).get("station");
    if (at) localStorage.setItem("chairside_station", at);
    const typed = getElement(pad);
    const { staff, then } = chairside.chosen ?? {};
    if (!staff || !typed.value || chairside.loggingIn) return null;
    chairside.loggingIn = true;
    try {
      const answer = await fetch("/api/login", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ staff, pin: typed.value, station: localStorage.getItem("chairside_station") ?? station }),
      });
      if (!answer.ok) {
        typed.put("");
        return await answer.json();
      }
      location.assign(then);
      return null;
    } catch (away) {
      return { code: "machine_failed" };
    } finally {
      chairside.loggingIn = false;
    }
  },

  speak(language) {
    document.cookie = `chairside_language=${language};path=/;max-age=31536000;samesite=strict`;
    location.reload();
  },

  // Two soft notes, made here: no sound file. Resolves to whether the browser lets us be heard.
  async chime() {
    try {
      chairside.audio ??= new AudioContext();
      if (chairside.audio.state === "suspended") await Promise.race([chairside.audio.resume(), new Promise((r) => setTimeout(r, 200))]);
      if (chairside.audio.state !== "running") return false;
      const start = chairside.audio.currentTime + 0.02;
      [
        [783.99, 0],
        [1046.5, 0.22],
      ].forEach(([pitch, after]) => chairside.note(pitch, start + after));
      return true;
    } catch (mute) {
      return false;
    }
  },

  note(pitch, at) {
    const tone = chairside.audio.createOscillator();
    const loudness = chairside.audio.createGain();
    tone.type = "sine";
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.0001, at);
    loudness.gain.exponentialRampToValueAtTime(0.4, at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.9);
    tone.connect(loudness).connect(chairside.audio.destination);
    tone.start(at);
    tone.stop(at + 1);
  },
};
