import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.FileReader;
import java.io.InputStreamReader;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * java Partitions.java BOOTSTRAP PROPERTIES TOPIC... &lt;KEYS: sends a record for each line of standard input, its key the
 * line, to each topic. Apache's producer as it comes.
 */
public class Partitions {
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.load(new FileReader(arguments[1]));
        properties.put("bootstrap.servers", arguments[0]);
        List<String> keys = new BufferedReader(new InputStreamReader(System.in, UTF_8)).lines().toList();
        try (var producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (int index = 2; index < arguments.length; index++) {
                String topic = arguments[index];
                List<Future<RecordMetadata>> sent =
                    keys.stream().map(key -> producer.send(new ProducerRecord<>(topic, key, key))).toList();
                for (Future<RecordMetadata> one : sent) {
                    one.get();
                }
            }
        }
    }
}
