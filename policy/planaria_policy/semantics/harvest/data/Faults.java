import java.io.*;
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.logging.*;

/** A small service that meets one fault, named by the first argument, and logs in the style of the second. */
public class Faults {
    static final Logger LOG = Logger.getLogger("com.acme.orders.Worker");
    static final int PORT = Integer.parseInt(System.getenv().getOrDefault("PEER_PORT", "0"));
    static final String DISK = System.getenv().getOrDefault("DISK", "/nonexistent");
    static final String SCHEME = System.getenv().getOrDefault("PEER_SCHEME", "http");

    interface Work { void run() throws Exception; }

    static final Map<String, Work> WORK = new HashMap<>();
    static {
        WORK.put("heap", () -> { List<long[]> kept = new ArrayList<>(); while (true) kept.add(new long[100_000]); });
        WORK.put("strings", () -> { StringBuilder text = new StringBuilder("x"); while (true) text.append(text); });
        WORK.put("map", () -> { Map<Integer, String> map = new HashMap<>(); for (int i = 0; ; i++) map.put(i, "v" + i); });
        WORK.put("array", () -> System.out.println(new int[Integer.MAX_VALUE].length));
        WORK.put("direct", () -> { List<ByteBuffer> kept = new ArrayList<>(); while (true) kept.add(ByteBuffer.allocateDirect(1 << 20)); });
        WORK.put("nullpointer", () -> { String name = System.getProperty("none"); System.out.println(name.length()); });
        WORK.put("cast", () -> { Object value = "7"; System.out.println((Integer) value); });
        WORK.put("index", () -> System.out.println(new int[3][0].length == 3 ? List.of(1, 2).get(5) : new int[3][new Random().nextInt(1) + 9]));
        WORK.put("arithmetic", () -> System.out.println(10 / (PORT - PORT)));
        WORK.put("concurrent", () -> { List<Integer> all = new ArrayList<>(List.of(1, 2, 3)); for (Integer one : all) all.remove(one); });
        WORK.put("state", () -> List.of(1).iterator().remove());
        WORK.put("recursion", Faults::recurse);
        WORK.put("noelement", () -> Optional.empty().orElseThrow());
        WORK.put("segfault", Faults::segfault);
        WORK.put("halt", () -> { throw new AssertionError("stock must not be negative: -4"); });
        WORK.put("http", () -> new URL(SCHEME + "://localhost:" + PORT + "/orders").openStream().read());
        WORK.put("slow", () -> { URLConnection c = new URL("http://localhost:" + PORT + "/orders").openConnection(); c.setReadTimeout(300); c.getInputStream(); });
        WORK.put("client", () -> java.net.http.HttpClient.newHttpClient().send(java.net.http.HttpRequest.newBuilder(URI.create("http://localhost:" + PORT + "/")).timeout(java.time.Duration.ofMillis(400)).build(), java.net.http.HttpResponse.BodyHandlers.ofString()));
        WORK.put("connect", () -> new Socket("127.0.0.1", PORT));
        WORK.put("receive", () -> { Socket s = new Socket("127.0.0.1", PORT); s.setSoTimeout(300); s.getOutputStream().write(1); s.getInputStream().read(); });
        WORK.put("resolve", () -> new Socket("inventory.shop.example", 8080));
        WORK.put("bind", () -> new ServerSocket(PORT));
        WORK.put("write", () -> { try (FileOutputStream out = new FileOutputStream(DISK + "/orders.log")) { while (true) out.write(new byte[4096]); } });
        WORK.put("create", () -> Files.createDirectories(Path.of(DISK, "uploads")));
        WORK.put("channel", () -> { try (var out = Files.newBufferedWriter(Path.of(DISK, "ledger.db"))) { while (true) out.write("x".repeat(4096)); } });
        WORK.put("setting", () -> Objects.requireNonNull(System.getenv("DATABASE_URL"), "DATABASE_URL must be set"));
        WORK.put("number", () -> Integer.parseInt("eight"));
        WORK.put("properties", () -> new Properties().load(new FileReader("/etc/orders/application.properties")));
        WORK.put("classname", () -> Class.forName("org.postgresql.Driver"));
        WORK.put("driver", () -> { try { Class.forName("java.sql.DriverManager").getMethod("getConnection", String.class).invoke(null, "jdbc:postgresql://db:5432/orders"); } catch (java.lang.reflect.InvocationTargetException e) { throw (Exception) e.getCause(); } });
        WORK.put("program", () -> new ProcessBuilder("wkhtmltopdf-missing").start());
        WORK.put("keystore", () -> java.security.KeyStore.getInstance(new File(DISK + "/keystore.p12"), "changeit".toCharArray()));
        WORK.put("rejected", Faults::reject);
        WORK.put("queue", () -> { var q = new ArrayBlockingQueue<Integer>(2); for (int i = 0; i < 3; i++) q.add(i); });
        WORK.put("future", () -> { var pool = Executors.newSingleThreadExecutor(r -> { Thread t = new Thread(r); t.setDaemon(true); return t; }); pool.submit(() -> { Thread.sleep(5000); return 1; }).get(200, TimeUnit.MILLISECONDS); });
        WORK.put("deadlock", Faults::deadlock);
        WORK.put("calm", Faults::calm);
        WORK.put("churn", () -> { long sum = 0; List<byte[]> kept = new ArrayList<>(); for (int i = 0; i < 4000; i++) { kept.add(new byte[20_000]); if (kept.size() > 300) kept.clear(); sum += kept.size(); } System.gc(); LOG.info("work done, errors=0, sum=" + sum); });
    }

    static void recurse() { recurse(); }

    static void segfault() throws Exception {
        var field = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
        field.setAccessible(true);
        ((sun.misc.Unsafe) field.get(null)).putAddress(0, 0);
    }

    static void reject() {
        var pool = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1));
        pool.setThreadFactory(r -> { Thread t = new Thread(r); t.setDaemon(true); return t; });
        for (int i = 0; i < 4; i++) pool.execute(() -> { try { Thread.sleep(3000); } catch (InterruptedException e) { } });
    }

    static void deadlock() throws Exception {
        Object first = new Object(), second = new Object();
        new Thread(() -> { synchronized (first) { pause(); synchronized (second) { } } }, "order-worker-1").start();
        new Thread(() -> { synchronized (second) { pause(); synchronized (first) { } } }, "order-worker-2").start();
        Thread.sleep(600);
        new ProcessBuilder("kill", "-QUIT", String.valueOf(ProcessHandle.current().pid())).start().waitFor();
        Thread.sleep(600);
        Runtime.getRuntime().halt(0);
    }

    static void pause() { try { Thread.sleep(200); } catch (InterruptedException e) { } }

    static void calm() throws Exception {
        var server = com.sun.net.httpserver.HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/healthz", e -> { e.sendResponseHeaders(200, -1); e.close(); });
        server.start();
        LOG.info("listening on " + server.getAddress());
        for (int i = 0; i < 3; i++) {
            var c = (HttpURLConnection) new URL("http://127.0.0.1:" + server.getAddress().getPort() + "/healthz").openConnection();
            LOG.info("health check answered " + c.getResponseCode());
        }
        LOG.info("processed 120 orders, failed=0, retries=0");
        Runtime r = Runtime.getRuntime();
        LOG.info("heap used " + (r.totalMemory() - r.freeMemory()) / 1024 + "K of " + r.maxMemory() / 1024 + "K");
        server.stop(0);
        LOG.info("shutdown complete, 0 errors");
    }

    public static void main(String[] arguments) throws Exception {
        Work work = WORK.get(arguments[0]);
        if (arguments[1].equals("raw")) { work.run(); return; }
        LOG.info("starting with " + Runtime.getRuntime().availableProcessors() + " processors");
        try {
            work.run();
        } catch (Throwable error) {
            if (arguments[1].equals("short")) LOG.severe(error.toString());
            else LOG.log(Level.SEVERE, "request failed", error);
            System.exit(1);
        }
    }
}
